# Flags for our own targets; linked privately and never exported to users of the library.
add_library(optiinfra_dev INTERFACE)
target_compile_options(optiinfra_dev INTERFACE -Wall -Wextra -Wconversion -Wshadow -Wnon-virtual-dtor
  # g++ 12 sees overlapping copies in "text" + std::string where there are none (GCC bug 105651).
  $<$<CXX_COMPILER_ID:GNU>:-Wno-restrict>
  # g++ takes a source that a unity build includes for a header, whose types may not use unnamed namespaces.
  $<$<AND:$<CXX_COMPILER_ID:GNU>,$<BOOL:${CMAKE_UNITY_BUILD}>>:-Wno-subobject-linkage>
  # clang sees libstdc++ 12's own use of std::get_temporary_buffer in std::stable_sort.
  $<$<CXX_COMPILER_ID:Clang>:-Wno-deprecated-declarations>)
set(OPTIINFRA_SANITIZE "" CACHE STRING "Value for -fsanitize, e.g. address,undefined")
if(OPTIINFRA_SANITIZE)
  target_compile_options(optiinfra_dev INTERFACE
    -fsanitize=${OPTIINFRA_SANITIZE} -fno-omit-frame-pointer -fno-sanitize-recover=all)
  target_link_options(optiinfra_dev INTERFACE -fsanitize=${OPTIINFRA_SANITIZE})
endif()
if(OPTIINFRA_FUZZ)
  target_compile_options(optiinfra_dev INTERFACE -fsanitize=fuzzer-no-link)
endif()

# optiinfra_layer(<name> [SOURCES ...] [DEPENDS optiinfra::...] [LIBRARIES ...])
#
# One layer is one folder, one target and one include root. It can include exactly what it links,
# so the DEPENDS lines of the project are its dependency diagram. LIBRARIES are third parties, used
# by sources only and never by a public header. Each layer target is recorded in the global property
# OPTIINFRA_LAYERS, as "name: dependencies", for the test that compares it with the documentation.
function(optiinfra_layer name)
  cmake_parse_arguments(PARSE_ARGV 1 arg "" "" "SOURCES;DEPENDS;LIBRARIES")
  add_library(optiinfra_${name} STATIC ${arg_SOURCES})
  add_library(optiinfra::${name} ALIAS optiinfra_${name})
  set_target_properties(optiinfra_${name} PROPERTIES
    EXPORT_NAME ${name} POSITION_INDEPENDENT_CODE ON VISIBILITY_INLINES_HIDDEN ON)
  target_compile_features(optiinfra_${name} PUBLIC cxx_std_20)
  file(GLOB_RECURSE headers CONFIGURE_DEPENDS include/*.hpp)
  file(GLOB_RECURSE definitions CONFIGURE_DEPENDS include/*.def)
  target_sources(optiinfra_${name} PUBLIC FILE_SET HEADERS BASE_DIRS include FILES ${headers})
  if(definitions)
    target_sources(optiinfra_${name} PUBLIC
      FILE_SET definitions TYPE HEADERS BASE_DIRS include FILES ${definitions})
    set_target_properties(optiinfra_${name} PROPERTIES INTERFACE_HEADER_SETS_TO_VERIFY HEADERS)
    set(install_definitions FILE_SET definitions)
  endif()
  target_link_libraries(optiinfra_${name} PUBLIC ${arg_DEPENDS} PRIVATE $<BUILD_INTERFACE:optiinfra_dev>)
  foreach(library ${arg_LIBRARIES})
    optiinfra_third_party(${name} ${library})
  endforeach()
  install(TARGETS optiinfra_${name} EXPORT optiinfraTargets FILE_SET HEADERS ${install_definitions})
  string(REPLACE "optiinfra::" "" depends "${arg_DEPENDS}")
  string(REPLACE ";" " " depends "${depends}")
  set_property(GLOBAL APPEND PROPERTY OPTIINFRA_LAYERS "${name}: ${depends}")
endfunction()

# optiinfra_reads_protobuf(<layer>): the layer's sources read protobuf with protozero, whose headers lie in the
# system's own path.
set(optiinfra_protozero_input ${CMAKE_CURRENT_LIST_DIR}/protozero_input.hpp)
function(optiinfra_reads_protobuf layer)
  find_path(OPTIINFRA_PROTOZERO protozero/pbf_reader.hpp REQUIRED)
  target_compile_options(optiinfra_${layer} PRIVATE "SHELL:-include ${optiinfra_protozero_input}")
endfunction()

# Links a third party. One with nothing to link (headers only) is needed to build us and not by a user
# of what is installed, so it is left out of the exported target; the others are recorded, as
# "layer library", for cmake/install.cmake.
function(optiinfra_third_party layer library)
  if(TARGET ${library})
    get_target_property(type ${library} TYPE)
    get_target_property(links ${library} INTERFACE_LINK_LIBRARIES)
    if(type STREQUAL INTERFACE_LIBRARY AND NOT links)
      target_link_libraries(optiinfra_${layer} PRIVATE $<BUILD_INTERFACE:${library}>)
      return()
    endif()
  endif()
  target_link_libraries(optiinfra_${layer} PRIVATE ${library})
  set_property(GLOBAL APPEND PROPERTY OPTIINFRA_THIRD_PARTIES "${layer} ${library}")
endfunction()

# Tests are compiled once and run once: optimising them costs a quarter more time than it saves.
# The second of two libraries, so that its options come after those of the first.
add_library(optiinfra_test_options INTERFACE)
target_compile_options(optiinfra_test_options INTERFACE $<$<CONFIG:Release>:-O1> $<$<CONFIG:Sanitize>:-O0>
  # Part of clang's -Wconversion and not of g++'s; the layers are held to it, their tests are not.
  $<$<CXX_COMPILER_ID:Clang>:-Wno-sign-conversion>)
add_library(optiinfra_dev_tests INTERFACE)
target_link_libraries(optiinfra_dev_tests INTERFACE optiinfra_dev optiinfra_test_options)

# optiinfra_tests(<layer> [UNIT files...] [ENGINE files...] [SUITES suites...] [DEPENDS targets...])
#
# Each case is a test and runs in a process of its own. SUITES names those of the ENGINE files whose cases share
# one store and one server (SetUpTestSuite): each of them is one test, named by its suite.
# UNIT tests need nothing but the layer; ENGINE tests (named *_engine_test.cpp) load libchdb and are
# left out of sanitizer builds, where the engine library cannot be instrumented. A test file in
# tests/ that is not listed fails the configuration, so that none exists without running.
function(optiinfra_tests name)
  cmake_parse_arguments(PARSE_ARGV 1 arg "" "" "UNIT;ENGINE;SUITES;DEPENDS")
  file(GLOB found CONFIGURE_DEPENDS RELATIVE ${CMAKE_CURRENT_SOURCE_DIR} tests/*_test.cpp)
  foreach(file ${found})
    if(NOT file IN_LIST arg_UNIT AND NOT file IN_LIST arg_ENGINE)
      message(FATAL_ERROR "${CMAKE_CURRENT_SOURCE_DIR}/${file} is listed in no optiinfra_tests()")
    endif()
  endforeach()
  if(NOT BUILD_TESTING)
    return()
  endif()
  # build/<preset>/<layer>/; tests of the whole lie in bin/, with the program.
  set(CMAKE_RUNTIME_OUTPUT_DIRECTORY ${CMAKE_CURRENT_BINARY_DIR})
  if(arg_UNIT)
    optiinfra_test_program(${name}_tests unit "${arg_UNIT}" "optiinfra::${name};${arg_DEPENDS}")
  endif()
  if(arg_ENGINE AND NOT OPTIINFRA_SANITIZE)
    optiinfra_test_program(${name}_engine_tests engine "${arg_ENGINE}" "optiinfra::${name};${arg_DEPENDS}" ${arg_SUITES})
  endif()
endfunction()

# `unit_tests` builds the programs that sanitizers run, and nothing that they do not need.
add_custom_target(unit_tests)
function(optiinfra_test_program program label files depends)
  add_executable(${program} ${files})
  target_link_libraries(${program} PRIVATE ${depends} optiinfra_dev_tests GTest::gtest_main GTest::gmock)
  target_compile_definitions(${program} PRIVATE
    OPTIINFRA_SOURCE_DIR="${CMAKE_SOURCE_DIR}")
  if(label STREQUAL "unit")
    add_dependencies(unit_tests ${program})
  endif()
  set(whole "")
  foreach(suite ${ARGN})
    list(APPEND whole ${suite}.*)
    add_test(NAME ${suite} COMMAND ${program} --gtest_brief=1 --gtest_filter=${suite}.*)
    set_tests_properties(${suite} PROPERTIES LABELS ${label} TIMEOUT 300
      ENVIRONMENT "OPTIINFRA_LIBCHDB=${OPTIINFRA_LIBCHDB}" FAIL_REGULAR_EXPRESSION "[^0-9]0 tests from")
  endforeach()
  list(JOIN whole ":" whole)
  gtest_discover_tests(${program} DISCOVERY_TIMEOUT 60 TEST_FILTER "*-${whole}" PROPERTIES
    LABELS ${label} TIMEOUT 300 ENVIRONMENT "OPTIINFRA_LIBCHDB=${OPTIINFRA_LIBCHDB}")
endfunction()

# optiinfra_use_program(<test target>): the tests run the program itself, whose path is OPTIINFRA_PROGRAM
# in their sources. Call it where the target exists or not.
function(optiinfra_use_program program)
  if(TARGET ${program})
    target_compile_definitions(${program} PRIVATE OPTIINFRA_PROGRAM="$<TARGET_FILE:optiinfra>")
    add_dependencies(${program} optiinfra)
  endif()
endfunction()

# optiinfra_fuzz(<program> <source> <layer>): a libFuzzer program, built by the fuzz preset only.
# `fuzzers` builds them all, and nothing that they do not need.
add_custom_target(fuzzers)
function(optiinfra_fuzz program source depends)
  if(NOT OPTIINFRA_FUZZ)
    return()
  endif()
  add_executable(${program} ${source})
  target_link_libraries(${program} PRIVATE ${depends} optiinfra_dev)
  target_link_options(${program} PRIVATE -fsanitize=fuzzer)
  add_dependencies(fuzzers ${program})
endfunction()
