# Writes OUTPUT, a header that names the program's version and the commit of the tree at SOURCE.
execute_process(COMMAND git -C ${SOURCE} describe --always --dirty --abbrev=12 --exclude=*
  OUTPUT_VARIABLE commit OUTPUT_STRIP_TRAILING_WHITESPACE ERROR_QUIET RESULT_VARIABLE failed)
if(failed)
  set(commit "unknown commit")
endif()
file(CONFIGURE OUTPUT ${OUTPUT} CONTENT "#pragma once

#define OPTIINFRA_VERSION_AND_COMMIT \"${VERSION}, ${commit}\"
" @ONLY)
