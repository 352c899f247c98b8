// Several changes as one step of undo.
class Together {
  preExecute(context) {
    context.result = context.run();
  }
}

const NAME = "danbao.together";

function register(commandStack) {
  commandStack.registerHandler(NAME, Together);
}
register.$inject = ["commandStack"];

/** Run changes so that one undo takes all of them back. Returns what `run` returns. */
export function together(modeler, run) {
  const context = { run };
  modeler.get("commandStack").execute(NAME, context);
  return context.result;
}

export default { __init__: [register] };
