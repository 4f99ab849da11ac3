// Downloads, unpacks, loads and saves images inside the user namespace that owns their files.
import Glibc
import ImageOperations

exit(HelperProgram.run())
