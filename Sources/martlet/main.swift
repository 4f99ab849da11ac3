import Commands
import Glibc

exit(MartletProgram.run(Array(CommandLine.arguments.dropFirst())))
