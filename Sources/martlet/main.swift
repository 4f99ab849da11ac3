import Commands
import Glibc

exit(MartletProgram.run())
