"""What a migrated schema must be so that one step can spread it over a cluster, read from the catalog itself."""

from collections.abc import Mapping

import asyncpg

from migrations.registry import DIRECTORY_KEYS, TABLES


async def catalog_faults(
    connection: asyncpg.Connection,
    tables: Mapping[str, str] = TABLES,
    directory_keys: Mapping[str, str] = DIRECTORY_KEYS,
) -> list[str]:
    """One line per fault of schema public, sorted: ``kind: table: object``; empty when the schema keeps the rules."""
    names = sorted(tables)
    rows = await connection.fetch(
        FAULTS,
        names,
        [tables[name] for name in names],
        ["shard_key" if tables[name] == "S" else directory_keys.get(name, "") for name in names],
    )
    return sorted(": ".join(filter(None, (row["fault"], row["name"], row["object"]))) for row in rows)


FAULTS = """
WITH reg AS (
    SELECT * FROM unnest($1::text[], $2::text[], $3::text[]) AS r(tbl, cls, keycol)
), t AS (
    SELECT c.oid, c.relname, c.relkind, c.relispartition, c.relpersistence, r.cls, a.attnum AS keyno, a.attnotnull,
           a.atthasdef, a.attgenerated, a.attidentity, a.atttypid
      FROM pg_class c
      LEFT JOIN reg r ON r.tbl = c.relname
      LEFT JOIN pg_attribute a ON a.attrelid = c.oid AND a.attname = r.keycol AND NOT a.attisdropped
     WHERE c.relkind IN ('r', 'p', 'f') AND c.relnamespace = 'public'::regnamespace
       AND NOT EXISTS (SELECT FROM pg_depend d WHERE d.classid = 'pg_class'::regclass AND d.objid = c.oid
                                                 AND d.deptype = 'e')
), fk AS (
    SELECT k.conname, k.conkey, k.confkey, k.confdeltype, k.confupdtype, t.relname, t.cls, t.keyno,
           f.cls AS parent_cls, f.keyno AS parent_keyno, f.relname AS parent, k.confrelid
      FROM pg_constraint k JOIN t ON t.oid = k.conrelid JOIN t f ON f.oid = k.confrelid
     WHERE k.contype = 'f' AND k.conparentid = 0
)
SELECT 'unclassified table' AS fault, relname::text AS name, '' AS object
  FROM t WHERE cls IS NULL AND NOT relispartition
UNION ALL
SELECT 'classified table does not exist', tbl, '' FROM reg WHERE NOT EXISTS (SELECT FROM t WHERE relname = tbl)
UNION ALL
SELECT 'unknown class', tbl, cls FROM reg WHERE cls NOT IN ('S', 'R') AND cls !~ '^D:[a-z_]+$'
UNION ALL
SELECT 'shard key column', relname, '' FROM t
 WHERE cls <> 'R' AND (keyno IS NULL OR NOT attnotnull OR atthasdef OR attgenerated <> '' OR attidentity <> ''
                       OR (cls = 'S' AND atttypid <> 'int4'::regtype))
UNION ALL
SELECT 'unique without shard key', t.relname, i.indexrelid::regclass::text
  FROM t JOIN pg_index i ON i.indrelid = t.oid
 WHERE keyno IS NOT NULL AND (indisunique OR indisexclusion)
   AND NOT keyno = ANY ((i.indkey::int2[])[0:i.indnkeyatts - 1])  -- columns that are only INCLUDEd do not count
UNION ALL
SELECT 'no primary key', relname, '' FROM t
 WHERE NOT relispartition AND NOT EXISTS (SELECT FROM pg_index i WHERE i.indrelid = t.oid AND i.indisprimary)
UNION ALL
SELECT 'primary key does not begin with the key', t.relname, i.indexrelid::regclass::text
  FROM t JOIN pg_index i ON i.indrelid = t.oid WHERE i.indisprimary AND i.indkey[0] <> keyno
UNION ALL
SELECT 'FK between these classes', relname, conname FROM fk
 WHERE NOT (parent_cls = 'R' OR (parent_cls = cls AND cls <> 'R'))
UNION ALL
SELECT 'FK does not map key to key', relname, conname FROM fk
 WHERE cls = parent_cls AND cls <> 'R'
   AND NOT coalesce(array_position(conkey, keyno) = array_position(confkey, parent_keyno), false)
UNION ALL
SELECT 'FK action', relname, conname FROM fk
 WHERE cls <> 'R' AND (confdeltype IN ('n', 'd') OR confupdtype IN ('n', 'd', 'c'))
UNION ALL
SELECT 'history of any machine', fk.relname, conname FROM fk JOIN pg_attribute a ON a.attrelid = confrelid
 WHERE parent = 'transition' AND a.attname = 'machine' AND NOT a.attnum = ANY (confkey)
UNION ALL
SELECT 'trigger', t.relname, g.tgname FROM t JOIN pg_trigger g ON g.tgrelid = t.oid WHERE NOT g.tgisinternal
UNION ALL
SELECT 'rule', t.relname, r.rulename FROM t JOIN pg_rewrite r ON r.ev_class = t.oid
UNION ALL
SELECT 'multi-level partition', relname, '' FROM t WHERE relkind = 'p' AND relispartition
UNION ALL
SELECT 'narrow sequence', s.seqrelid::regclass::text, s.seqtypid::regtype::text
  FROM pg_sequence s JOIN pg_class c ON c.oid = s.seqrelid
 WHERE c.relnamespace = 'public'::regnamespace AND s.seqtypid <> 'int8'::regtype
UNION ALL
SELECT 'serial column', t.relname, a.attname
  FROM t JOIN pg_depend d ON d.refobjid = t.oid AND d.refclassid = 'pg_class'::regclass AND d.deptype = 'a'
         JOIN pg_sequence s ON s.seqrelid = d.objid
         JOIN pg_attribute a ON a.attrelid = t.oid AND a.attnum = d.refobjsubid
UNION ALL
SELECT 'unlogged table', relname, '' FROM t WHERE relpersistence = 'u'
UNION ALL
SELECT 'inherited table', relname, '' FROM t
 WHERE NOT relispartition AND EXISTS (SELECT FROM pg_inherits i WHERE i.inhrelid = t.oid)
UNION ALL
SELECT 'foreign table', relname, '' FROM t WHERE relkind = 'f'
UNION ALL
SELECT 'procedural function', p.oid::regprocedure::text, l.lanname
  FROM pg_proc p JOIN pg_language l ON l.oid = p.prolang
 WHERE p.pronamespace = 'public'::regnamespace AND l.lanname NOT IN ('sql', 'c', 'internal')
UNION ALL
SELECT 'writable view', c.relname, r.rolname
  FROM pg_class c JOIN pg_roles r ON r.rolname = 'quittance_app'
 WHERE c.relkind = 'v' AND c.relnamespace = 'public'::regnamespace
   AND has_table_privilege(r.oid, c.oid, 'INSERT, UPDATE, DELETE')
"""
