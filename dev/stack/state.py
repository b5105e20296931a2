"""What one start leaves for the next: its data, and the version that made them."""

import json
import os
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from dev.stack.account import Account
from dev.stack.layout import INSIDE, Layout, outside_name, servers_place
from dev.stack.trouble import StackError

# Raised whenever the arrangement of the state directory changes.
LAYOUT = 1


def known_layout(root: Path) -> Layout | None:
    """The layout of a state directory that was started once, else None."""
    stamp = _read_stamp(root / "version.json")
    return Layout(root, root / stamp["servers"]) if stamp else None


def open_state(root: Path, account: Account, versions: Mapping[str, str]) -> Layout:
    """The layout of this state; another version is refused, and what an interrupted first start left is cleared."""
    stamp = _read_stamp(root / "version.json")
    if stamp and stamp["complete"]:
        _refuse_another_version(root, stamp, versions)
        layout = Layout(root, root / stamp["servers"])
        _refuse_lost_servers(layout, account, stamp)
        return layout
    if stamp:
        clear(Layout(root, root / stamp["servers"]))
    layout = Layout(root, root / servers_place(root, account))
    write_stamp(layout, versions, complete=False)
    _make_servers(layout, account)
    for folder in (layout.logs, layout.provider, layout.identity):
        folder.mkdir(mode=0o700, exist_ok=True)
    return layout


def write_stamp(layout: Layout, versions: Mapping[str, str], *, complete: bool) -> None:
    """Record what made this state; an incomplete one is cleared at the next start."""
    before = _read_stamp(layout.stamp)
    inside = layout.servers == layout.root / INSIDE
    stamp = {
        "layout": LAYOUT,
        "versions": (before["versions"] if before else {}) | dict(versions),
        "servers": INSIDE if inside else str(layout.servers),
        "complete": complete,
    }
    draft = layout.stamp.with_suffix(".new")
    draft.write_text(json.dumps(stamp))
    draft.replace(layout.stamp)


def clear(layout: Layout) -> None:
    """Delete everything this state consists of and nothing else; the lock file stays."""
    outside = layout.servers.parent.name == outside_name(layout.root)
    folders = (layout.sockets, layout.programs, layout.servers, layout.logs, layout.provider, layout.identity)
    for folder in folders:
        shutil.rmtree(folder, ignore_errors=True)
    if outside:
        shutil.rmtree(layout.servers.parent, ignore_errors=True)
    for file in (layout.keys, layout.run, layout.stamp, *layout.root.glob("*.done")):
        file.unlink(missing_ok=True)


def _make_servers(layout: Layout, account: Account) -> None:
    outer = layout.servers.parent
    if outer != layout.root:
        # A name known beforehand in a directory open to all: what is not ours there is never entered.
        if outer.is_symlink() or (outer.exists() and outer.stat().st_uid != os.geteuid()):
            raise StackError(f"{outer} was made by somebody else: delete it or set QUITTANCE_STATE.")
        shutil.rmtree(outer, ignore_errors=True)
        outer.mkdir()
        outer.chmod(0o711)
    account.make_directory(layout.servers)


def _read_stamp(path: Path) -> dict[str, Any] | None:
    if not path.exists():
        return None
    try:
        stamp = json.loads(path.read_text())
        return {name: stamp[name] for name in ("layout", "versions", "servers", "complete")}
    except (ValueError, KeyError, TypeError):
        return {"layout": None, "versions": {}, "servers": INSIDE, "complete": True}


def _refuse_another_version(root: Path, stamp: Mapping[str, Any], versions: Mapping[str, str]) -> None:
    remedy = "go back to that version, or run `make reset`, which deletes its data"
    if stamp["layout"] != LAYOUT:
        raise StackError(f"{root} was made by another version of Quittance: {remedy}.")
    for name, version in versions.items():
        made_by = stamp["versions"].get(name, version)
        if made_by != version:
            raise StackError(f"{root} was made by {name} {made_by}, and here is {name} {version}: {remedy}.")


def _refuse_lost_servers(layout: Layout, account: Account, stamp: Mapping[str, Any]) -> None:
    servers = layout.servers
    if not servers.is_dir() or ("postgresql" in stamp["versions"] and not layout.primary.is_dir()):
        raise StackError(f"The databases of {layout.root} are gone from {servers}: run `make reset` to start anew.")
    if account.switches and servers.stat().st_uid != account.uid:
        raise StackError(f"{servers} belongs to another account than {account.name}: set QUITTANCE_RUN_AS to it.")
    if account.switches and not account.can("-x", servers):
        raise StackError(f"The account {account.name} can no longer enter {servers}: open the way or `make reset`.")
