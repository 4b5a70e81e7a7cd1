# How every target is compiled: warnings are errors, assertions stay on in release builds,
# ccache and a fast linker are used where they are installed.

option(KEYZONE_SANITIZE "Build with AddressSanitizer and UndefinedBehaviorSanitizer" OFF)

find_program(CCACHE ccache)
if(CCACHE)
  # Precompiled headers need the sloppiness; see the ccache manual, "Precompiled headers".
  set(CMAKE_CXX_COMPILER_LAUNCHER
      ${CMAKE_COMMAND} -E env CCACHE_SLOPPINESS=pch_defines,time_macros,include_file_mtime,include_file_ctime
      ${CCACHE})
endif()
find_program(MOLD mold)
if(MOLD)
  add_link_options(-fuse-ld=mold)
endif()

string(REPLACE "-O3" "-O2" CMAKE_CXX_FLAGS_RELEASE "${CMAKE_CXX_FLAGS_RELEASE}")
string(REPLACE "-DNDEBUG" "" CMAKE_CXX_FLAGS_RELEASE "${CMAKE_CXX_FLAGS_RELEASE}")
add_compile_options(-Wall -Wextra -Werror -fno-omit-frame-pointer)
# Assertions name files relative to the tree: what a copy of it compiles (the planted bugs) is what the tree has compiled.
add_compile_options(-fmacro-prefix-map=${CMAKE_SOURCE_DIR}/=)
if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
  # gcc 12 reports these inside libstdc++ and Boost templates although the code is right.
  add_compile_options(-fpch-preprocess -Wno-maybe-uninitialized -Wno-stringop-overflow -Wno-array-bounds
                      -Wno-restrict -Wno-dangling-pointer -Wno-stringop-overread
                      # A class of a source may have members of types that only this source knows, also where sources are joined.
                      -Wno-subobject-linkage)
else()
  # The compiler that wrote a precompiled header also reads it: its own time stamps don't matter.
  add_compile_options(-Xclang -fno-pch-timestamp)
endif()
if(KEYZONE_SANITIZE)
  # CAF and Cap'n Proto downcast across libraries that export no type information: no vptr check.
  add_compile_options(-fsanitize=address,undefined -fno-sanitize=vptr -fno-sanitize-recover=all)
  add_link_options(-fsanitize=address,undefined)
endif()
include_directories(${CMAKE_SOURCE_DIR} ${CMAKE_BINARY_DIR})

# keyzone_unity(TARGET): a few sources of a folder are compiled as one. Most of a source's time goes into headers and
# templates that its neighbours instantiate too; a few only, so that a change to one of them is built soon.
set(KEYZONE_UNITY_SOURCES 7 CACHE STRING "Sources that are compiled as one; 1: each by itself")
function(keyzone_unity target)
  set_target_properties(${target} PROPERTIES UNITY_BUILD ON UNITY_BUILD_BATCH_SIZE ${KEYZONE_UNITY_SOURCES})
endfunction()

# keyzone_library(NAME [LIBRARIES ...] [PRECOMPILED HEADER | PRECOMPILED_AS TARGET]): a static library of all sources of
# the calling folder, with a precompiled header of its own or another target's.
function(keyzone_library name)
  cmake_parse_arguments(ARG "" "PRECOMPILED;PRECOMPILED_AS" "LIBRARIES;SOURCES" ${ARGN})
  file(GLOB_RECURSE sources CONFIGURE_DEPENDS ${CMAKE_CURRENT_SOURCE_DIR}/*.cc ${CMAKE_CURRENT_SOURCE_DIR}/*.h)
  if(NOT sources)
    add_library(${name} INTERFACE)
    target_link_libraries(${name} INTERFACE ${ARG_LIBRARIES})
    return()
  endif()
  add_library(${name} STATIC ${sources} ${ARG_SOURCES})
  target_link_libraries(${name} PUBLIC ${ARG_LIBRARIES})
  keyzone_unity(${name})
  if(ARG_SOURCES)
    set_source_files_properties(${ARG_SOURCES} PROPERTIES SKIP_UNITY_BUILD_INCLUSION ON)
  endif()
  if(ARG_PRECOMPILED)
    target_precompile_headers(${name} PRIVATE ${ARG_PRECOMPILED})
  elseif(ARG_PRECOMPILED_AS)
    target_precompile_headers(${name} REUSE_FROM ${ARG_PRECOMPILED_AS})
  endif()
endfunction()

# keyzone_program(NAME SOURCES...): the program itself, on top of everything.
function(keyzone_program name)
  add_executable(${name} ${ARGN})
  if(TARGET jemalloc)
    target_link_libraries(${name} PRIVATE jemalloc)
  endif()
  target_link_libraries(${name} PRIVATE keyzone_sim keyzone_actors keyzone_config)
  target_precompile_headers(${name} REUSE_FROM keyzone_actors)
endfunction()

# keyzone_test(FOLDER [LIBRARIES ...]): one test program of all tests/FOLDER/*_test.cc.
function(keyzone_test folder)
  cmake_parse_arguments(ARG "" "" "LIBRARIES" ${ARGN})
  file(GLOB_RECURSE sources CONFIGURE_DEPENDS ${CMAKE_CURRENT_SOURCE_DIR}/${folder}/*.cc ${CMAKE_CURRENT_SOURCE_DIR}/${folder}/*.h)
  if(sources)
    add_executable(${folder}_tests ${sources})
    target_compile_definitions(${folder}_tests PRIVATE KEYZONE_SOURCE_DIR="${CMAKE_SOURCE_DIR}")
    target_link_libraries(${folder}_tests PRIVATE ${ARG_LIBRARIES} GTest::gmock GTest::gtest_main)
    keyzone_unity(${folder}_tests)
    # What is tested runs for long, the tests themselves don't.
    target_compile_options(${folder}_tests PRIVATE -O1)
    # GoogleTest is compiled once, with the first folder's tests.
    if(TARGET schema_tests AND NOT folder STREQUAL schema)
      target_precompile_headers(${folder}_tests REUSE_FROM schema_tests)
    else()
      target_precompile_headers(${folder}_tests PRIVATE precompiled.h)
    endif()
    add_test(NAME ${folder} COMMAND ${folder}_tests)
  endif()
endfunction()
