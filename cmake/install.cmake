# What `cmake --install` lays down: the layers with their headers, the CMake and pkg-config packages
# that find them, the program with its manual page and completions, the import maps and the engine
# library. Included last, when every layer is known. tests/consumer proves it from outside the tree.

# What each third party that a layer links is called by find_package and by pkg-config. A name of "-"
# needs no package there.
set(optiinfra_packages
  # target           find_package   pkg-config
  "Threads::Threads  Threads        -"
  "dl                -              -" # part of the C library since glibc 2.34
  "fmt::fmt          fmt            fmt"
  "OpenSSL::SSL      OpenSSL        openssl"
  "ZLIB::ZLIB        ZLIB           zlib"
  "tomlplusplus::tomlplusplus tomlplusplus tomlplusplus"
  # No CMake package of their own everywhere: their targets are made from pkg-config there, too.
  "PkgConfig::liblz4  PkgConfig    liblz4"
  "PkgConfig::libzstd PkgConfig    libzstd")

# Sets <cmake> and <pkgconfig> to the package names of third party <library>.
function(optiinfra_package_names library cmake pkgconfig)
  foreach(row ${optiinfra_packages})
    string(REGEX MATCHALL "[^ ]+" row "${row}")
    list(GET row 0 target)
    if(target STREQUAL library)
      list(GET row 1 cmake_name)
      list(GET row 2 pkgconfig_name)
      set(${cmake} ${cmake_name} PARENT_SCOPE)
      set(${pkgconfig} ${pkgconfig_name} PARENT_SCOPE)
      return()
    endif()
  endforeach()
  message(FATAL_ERROR "A layer links ${library}: add it to the table in cmake/install.cmake, "
                      "so that the installed package asks its users for it")
endfunction()

# Sets <out> to the layers that <layers> need, themselves included, in the order in which a linker wants
# static libraries: each before those it depends on. That is the reverse of the order of creation.
function(optiinfra_link_order layers out)
  get_property(rows GLOBAL PROPERTY OPTIINFRA_LAYERS)
  list(REVERSE rows)
  set(needed ${layers})
  foreach(row ${rows})
    string(REGEX MATCH "^([^:]+): ?(.*)$" match "${row}")
    set(name ${CMAKE_MATCH_1})
    string(REPLACE " " ";" depends "${CMAKE_MATCH_2}")
    if(name IN_LIST needed)
      list(APPEND order ${name})
      list(APPEND needed ${depends})
    endif()
  endforeach()
  set(${out} ${order} PARENT_SCOPE)
endfunction()

# --- The library ---

# The layers whose users are the library's users: insert and ask (client), write from many threads (ingest), files
# (import). Those below them come with them.
set(optiinfra_public_layers ingest import)

add_library(optiinfra_all INTERFACE)
add_library(optiinfra::optiinfra ALIAS optiinfra_all)
set_target_properties(optiinfra_all PROPERTIES EXPORT_NAME optiinfra)
target_link_libraries(optiinfra_all INTERFACE optiinfra::ingest optiinfra::import)
install(TARGETS optiinfra_all EXPORT optiinfraTargets)

set(package_dir ${CMAKE_INSTALL_LIBDIR}/cmake/optiinfra)
install(EXPORT optiinfraTargets NAMESPACE optiinfra:: DESTINATION ${package_dir})

# A static library's own needs are its user's at link time, so both packages pass them on: the CMake
# one for all layers, the pkg-config one for the layers that it links. They stand under Requires and
# not Requires.private because there is no shared library that would hide them.
optiinfra_link_order("${optiinfra_public_layers}" link_order)
get_property(third_parties GLOBAL PROPERTY OPTIINFRA_THIRD_PARTIES)
foreach(row ${third_parties})
  string(REGEX MATCH "^([^ ]+) (.+)$" match "${row}")
  set(layer ${CMAKE_MATCH_1})
  optiinfra_package_names(${CMAKE_MATCH_2} cmake_name pkgconfig_name)
  if(NOT cmake_name STREQUAL "-")
    list(APPEND cmake_packages ${cmake_name})
  endif()
  if(cmake_name STREQUAL "PkgConfig")
    list(APPEND pkgconfig_modules ${pkgconfig_name})
  endif()
  if(layer IN_LIST link_order AND NOT pkgconfig_name STREQUAL "-")
    list(APPEND pkgconfig_packages ${pkgconfig_name})
  endif()
endforeach()
list(REMOVE_DUPLICATES cmake_packages)
list(REMOVE_DUPLICATES pkgconfig_packages)
foreach(package ${cmake_packages})
  string(APPEND OPTIINFRA_DEPENDENCIES "find_dependency(${package})\n")
endforeach()
foreach(module ${pkgconfig_modules})
  string(APPEND OPTIINFRA_DEPENDENCIES "pkg_check_modules(${module} REQUIRED IMPORTED_TARGET ${module})\n")
endforeach()
string(REPLACE ";" " " OPTIINFRA_PC_REQUIRES "${pkgconfig_packages}")
list(TRANSFORM link_order PREPEND "-loptiinfra_")
string(REPLACE ";" " " OPTIINFRA_PC_LIBS "${link_order}")

configure_package_config_file(cmake/optiinfraConfig.cmake.in ${PROJECT_BINARY_DIR}/optiinfraConfig.cmake
  INSTALL_DESTINATION ${package_dir} NO_SET_AND_CHECK_MACRO)
write_basic_package_version_file(${PROJECT_BINARY_DIR}/optiinfraConfigVersion.cmake
  COMPATIBILITY SameMinorVersion)
install(FILES ${PROJECT_BINARY_DIR}/optiinfraConfig.cmake ${PROJECT_BINARY_DIR}/optiinfraConfigVersion.cmake
  DESTINATION ${package_dir})

# The .pc file finds its prefix from where it lies, so that an installed tree can be moved.
file(RELATIVE_PATH OPTIINFRA_PC_PREFIX /prefix/${CMAKE_INSTALL_LIBDIR}/pkgconfig /prefix)
configure_file(cmake/optiinfra.pc.in ${PROJECT_BINARY_DIR}/optiinfra.pc @ONLY)
install(FILES ${PROJECT_BINARY_DIR}/optiinfra.pc DESTINATION ${CMAKE_INSTALL_LIBDIR}/pkgconfig)

# --- The program and its files ---

if(TARGET optiinfra)
  install(TARGETS optiinfra COMPONENT program)
endif()

# Installs <file>, a path in the tree, as <name> into <destination> where it exists.
function(optiinfra_install_file file destination name)
  if(EXISTS ${PROJECT_SOURCE_DIR}/${file})
    install(FILES ${file} DESTINATION ${destination} RENAME ${name} COMPONENT program)
  endif()
endfunction()
optiinfra_install_file(NOTICE ${CMAKE_INSTALL_DOCDIR} NOTICE)
optiinfra_install_file(LICENSE ${CMAKE_INSTALL_DOCDIR} copyright)
optiinfra_install_file(packaging/systemd/server.env ${CMAKE_INSTALL_DOCDIR}/examples server.env)
optiinfra_install_file(packaging/systemd/agent.toml ${CMAKE_INSTALL_DOCDIR}/examples agent.toml)
optiinfra_install_file(cli/man/optiinfra.1 ${CMAKE_INSTALL_MANDIR}/man1 optiinfra.1)
optiinfra_install_file(cli/completions/optiinfra.bash
  ${CMAKE_INSTALL_DATADIR}/bash-completion/completions optiinfra)
optiinfra_install_file(cli/completions/_optiinfra ${CMAKE_INSTALL_DATADIR}/zsh/site-functions _optiinfra)
# Where Debian's zsh looks for those of packages.
optiinfra_install_file(cli/completions/_optiinfra ${CMAKE_INSTALL_DATADIR}/zsh/vendor-completions _optiinfra)
optiinfra_install_file(cli/completions/optiinfra.fish
  ${CMAKE_INSTALL_DATADIR}/fish/vendor_completions.d optiinfra.fish)

# The units name the program by its whole path, which is known when it is installed.
foreach(unit optiinfra-server optiinfra-agent)
  install(CODE "
    set(OPTIINFRA_BINDIR \"\${CMAKE_INSTALL_PREFIX}/${CMAKE_INSTALL_BINDIR}\")
    configure_file(\"${PROJECT_SOURCE_DIR}/packaging/systemd/${unit}.service.in\"
      \"${PROJECT_BINARY_DIR}/${unit}.service\" @ONLY)" COMPONENT program)
  install(FILES ${PROJECT_BINARY_DIR}/${unit}.service DESTINATION lib/systemd/system COMPONENT program)
endforeach()

file(GLOB maps CONFIGURE_DEPENDS sources/import/maps/*.toml)
install(FILES ${maps} DESTINATION ${CMAKE_INSTALL_DATADIR}/optiinfra/maps COMPONENT program)

# --- The engine library ---

# The program looks for it at ../lib/optiinfra from its own folder, so "lib" stands here even where
# libraries go to lib/<architecture>. The build tree has its like in a link.
get_filename_component(engine_library "${OPTIINFRA_LIBCHDB}" REALPATH)
install(PROGRAMS ${engine_library} DESTINATION lib/optiinfra RENAME libchdb.so COMPONENT engine OPTIONAL)
install(FILES packaging/debian/copyright.engine DESTINATION ${CMAKE_INSTALL_DATADIR}/doc/optiinfra-engine
  RENAME copyright COMPONENT engine)

# A program that links the installed library lies anywhere: its run path leads it to the engine. The .pc file
# says the same.
target_link_options(optiinfra_transport INTERFACE
  "$<INSTALL_INTERFACE:LINKER:-rpath,$<INSTALL_PREFIX>/lib/optiinfra>")
if(PROJECT_IS_TOP_LEVEL)
  file(MAKE_DIRECTORY ${PROJECT_BINARY_DIR}/lib)
  file(CREATE_LINK ${OPTIINFRA_LIBCHDB} ${PROJECT_BINARY_DIR}/lib/libchdb.so SYMBOLIC)
endif()
