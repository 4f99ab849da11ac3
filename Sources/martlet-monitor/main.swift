import Monitor
import OCIRuntime

if let command = InitProgram.command { InitProgram.run(command) }
MonitorProgram.run(
  runtime: LinkedRuntime(main: RuntimeCommandLine.main) { options, document, id in
    PreparedExec(options: options, document: document, id: id)?.start
  })
