import { addTypenameSelectionDocumentTransform } from "@graphql-codegen/client-preset";
import type { CodegenConfig } from "@graphql-codegen/cli";

const config: CodegenConfig = {
  schema: "../../frontend-schema.graphql",
  emitLegacyCommonJSImports: false,
  documents: "operations/*.graphql",
  generates: {
    // Which types stand behind an interface or union: a cache that does not know drops their fields.
    "generated/possible-types.ts": { plugins: ["fragment-matcher"] },
    "generated/": {
      preset: "client",
      // Caches add __typename to what they send; a registered document has to have it already.
      documentTransforms: [addTypenameSelectionDocumentTransform],
      presetConfig: {
        fragmentMasking: { unmaskFunctionName: "read" },
        persistedDocuments: { mode: "embedHashInDocument", hashAlgorithm: "sha256" },
      },
      config: {
        strictScalars: true,
        useTypeImports: true,
        enumsAsTypes: true,
        scalars: {
          ConsistencyToken: "string",
          CurrencyCode: "string",
          Date: "string",
          DateTime: "string",
          IdempotencyKey: "string",
          Int64: "string",
        },
      },
    },
  },
};

export default config;
