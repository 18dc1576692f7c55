declare module "@npmcli/config/lib/definitions/index.js" {
  const settings: { readonly definitions: object; readonly flatten: object; readonly shorthands: object };
  export default settings;
}
