# Two Debian packages, made by `cpack` in the build folder: the program with its files, and the engine library.
# Included after cmake/install.cmake, whose components `program` and `engine` they hold.
set(CPACK_GENERATOR DEB)
set(CPACK_PACKAGE_NAME optiinfra)
set(CPACK_PACKAGE_VERSION ${PROJECT_VERSION})
set(CPACK_PACKAGE_DESCRIPTION_SUMMARY "${PROJECT_DESCRIPTION}")
set(CPACK_PACKAGE_CONTACT "OptiInfra maintainers <maintainers@optiinfra.invalid>")
set(CPACK_COMPONENTS_ALL program engine)
set(CPACK_DEB_COMPONENT_INSTALL ON)
set(CPACK_STRIP_FILES ON)
# Installed as if below /, so that the unit names the program by the path that it gets.
set(CPACK_SET_DESTDIR ON)
set(CPACK_INSTALL_PREFIX /usr)
set(CPACK_PACKAGE_DIRECTORY ${PROJECT_BINARY_DIR}/packages)

set(CPACK_DEBIAN_FILE_NAME DEB-DEFAULT)
set(CPACK_DEBIAN_PACKAGE_SHLIBDEPS ON)
set(CPACK_DEBIAN_PACKAGE_SECTION database)
# xz takes minutes for the engine's 566 MB.
set(CPACK_DEBIAN_COMPRESSION_TYPE zstd)

set(CPACK_DEBIAN_PROGRAM_PACKAGE_NAME optiinfra)
set(CPACK_COMPONENT_PROGRAM_DESCRIPTION "The program: cost, performance, resources and quality of LLM serving in one
store. Without optiinfra-engine it works on stores of servers and services.")
# A host that only sends rows, or asks a server, needs no engine; libcurl is loaded for http:// and api:// alone.
set(CPACK_DEBIAN_PROGRAM_PACKAGE_RECOMMENDS "optiinfra-engine, libcurl4")
set(CPACK_DEBIAN_PROGRAM_PACKAGE_CONTROL_EXTRA
  ${CMAKE_CURRENT_LIST_DIR}/debian/postinst ${CMAKE_CURRENT_LIST_DIR}/debian/prerm
  ${CMAKE_CURRENT_LIST_DIR}/debian/postrm)

set(CPACK_DEBIAN_ENGINE_PACKAGE_NAME optiinfra-engine)
set(CPACK_COMPONENT_ENGINE_DESCRIPTION "The engine: libchdb, ClickHouse as a library, for embedded stores and
optiinfra server.")
include(CPack)
