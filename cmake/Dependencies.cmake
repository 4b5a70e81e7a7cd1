# What Debian 12 gives us (DESIGN: each does what it is best at). CAF has no CMake package there.
find_package(Threads REQUIRED)
find_package(OpenSSL REQUIRED)
find_package(Boost 1.74 REQUIRED COMPONENTS program_options)
find_package(CapnProto REQUIRED)
find_package(spdlog REQUIRED)
find_package(nlohmann_json REQUIRED)
find_package(GTest REQUIRED)
find_package(BISON 3.8 REQUIRED)
find_program(RE2C re2c REQUIRED)

function(keyzone_find_library target library header)
  find_library(${target}_LIBRARY ${library} REQUIRED)
  find_path(${target}_INCLUDE ${header} REQUIRED)
  add_library(${target} INTERFACE IMPORTED)
  target_link_libraries(${target} INTERFACE ${${target}_LIBRARY} Threads::Threads)
  target_include_directories(${target} SYSTEM INTERFACE ${${target}_INCLUDE})
endfunction()
keyzone_find_library(caf caf_core caf/actor.hpp)
keyzone_find_library(leveldb leveldb leveldb/db.h)
keyzone_find_library(lz4 lz4 lz4.h)
keyzone_find_library(snappy snappy snappy.h)
keyzone_find_library(xxhash xxhash xxhash.h)
keyzone_find_library(date_tz date-tz date/tz.h)

# keyzone_capnp(FOLDER FILES...): generated sources go to <build>/FOLDER; sets CAPNP_SOURCES and CAPNP_HEADERS.
set(CAPNPC_SRC_PREFIX ${CMAKE_SOURCE_DIR})
set(CAPNPC_OUTPUT_DIR ${CMAKE_BINARY_DIR})

# The program's allocator: half the CPU of glibc's on this kind of load. Sanitizers bring their own.
if(NOT KEYZONE_SANITIZE)
  keyzone_find_library(jemalloc jemalloc jemalloc/jemalloc.h)
endif()
