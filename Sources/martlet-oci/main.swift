import LinuxSystem
import OCIRuntime

CurrentProcess.exitNow(RuntimeCommandLine.main(CurrentProcess.arguments))
