// The panel of properties; filled by its own modules.
export function createPanel() {
  return { refresh() {}, show() {} };
}
