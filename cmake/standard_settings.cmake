# One place for the language, the warnings and the instrumentation of every target.
set(CMAKE_CXX_STANDARD 20)
set(CMAKE_CXX_STANDARD_REQUIRED ON)
set(CMAKE_CXX_EXTENSIONS OFF)
set(CMAKE_EXPORT_COMPILE_COMMANDS ON)
set(CMAKE_POSITION_INDEPENDENT_CODE ON)
if(NOT CMAKE_BUILD_TYPE)
  set(CMAKE_BUILD_TYPE RelWithDebInfo CACHE STRING "" FORCE)
endif()
# -O2 with frame pointers: a profile of a user's slow run must be readable.
set(CMAKE_CXX_FLAGS_RELWITHDEBINFO "-O2 -g1 -fno-omit-frame-pointer -DNDEBUG")
set(CMAKE_CXX_FLAGS_RELEASE "-O2 -fno-omit-frame-pointer -DNDEBUG")

find_program(CCACHE_PROGRAM ccache)
if(CCACHE_PROGRAM AND NOT CMAKE_CXX_COMPILER_LAUNCHER)
  set(CMAKE_CXX_COMPILER_LAUNCHER "${CCACHE_PROGRAM}")
endif()

# Most of the time goes into headers, so that several sources of a room are compiled as one: less than half of the
# time of a build from nothing. With a compiler cache a changed source alone is quicker.
if(CMAKE_CXX_COMPILER_LAUNCHER)
  set(provrun_unity_default OFF)
else()
  set(provrun_unity_default ON)
endif()
option(PROVRUN_UNITY "compile several sources of a room as one" ${provrun_unity_default})
set(CMAKE_UNITY_BUILD ${PROVRUN_UNITY})
set(CMAKE_UNITY_BUILD_BATCH_SIZE 10)

add_library(provrun_settings INTERFACE)
target_compile_options(provrun_settings INTERFACE
  -Wall -Wextra -Wpedantic -Wshadow -Wnon-virtual-dtor -Wold-style-cast -Wcast-align
  -Woverloaded-virtual -Wimplicit-fallthrough)
if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
  # gcc 12 warns of overlapping copies inside std::string::insert and +, which cannot overlap (gcc bug 105651).
  target_compile_options(provrun_settings INTERFACE -Wno-restrict)
  if(PROVRUN_UNITY)
    # gcc takes a source that another includes for a header, which should hold no unnamed namespace.
    target_compile_options(provrun_settings INTERFACE -Wno-subobject-linkage)
  endif()
endif()
if(PROVRUN_DEVELOPER)
  target_compile_options(provrun_settings INTERFACE -Werror)
endif()
if(PROVRUN_SANITIZE)
  if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
    # With instrumentation gcc 12 takes parts of Catch's and the standard library's headers for uninitialised.
    target_compile_options(provrun_settings INTERFACE -Wno-maybe-uninitialized)
  endif()
  target_compile_options(provrun_settings INTERFACE -fsanitize=${PROVRUN_SANITIZE} -fno-sanitize-recover=all)
  target_link_options(provrun_settings INTERFACE -fsanitize=${PROVRUN_SANITIZE})
endif()
if(PROVRUN_COVERAGE)
  target_compile_options(provrun_settings INTERFACE --coverage -fprofile-abs-path -fprofile-update=atomic)
  target_link_options(provrun_settings INTERFACE --coverage)
endif()
find_package(Threads REQUIRED)
target_link_libraries(provrun_settings INTERFACE Threads::Threads)
