import Monitor
import OCIRuntime

if let command = InitProgram.command { InitProgram.run(command) }
MonitorProgram.run(runtime: RuntimeCommandLine.main)
