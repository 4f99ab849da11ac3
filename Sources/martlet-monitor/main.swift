import Monitor

if let command = InitProgram.command(CommandLine.arguments) { InitProgram.run(command) }
MonitorProgram.run()
