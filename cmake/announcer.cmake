# provrun_embed_announcer(TARGET): builds the library that observed programs get as LD_PRELOAD and puts its bytes
# into the target, so that provrun needs no file beside itself.
function(provrun_embed_announcer TARGET)
  add_library(provrun_announcer MODULE "${CMAKE_SOURCE_DIR}/src/trace/announcer/announcer.cpp")
  target_compile_features(provrun_announcer PRIVATE cxx_std_20)
  # Without any library, and without what needs one.
  target_compile_options(provrun_announcer PRIVATE -O2 -Wall -Wextra -fPIC -fno-exceptions -fno-rtti
    -fno-asynchronous-unwind-tables -fno-stack-protector -fno-builtin -ffreestanding -fvisibility=hidden
    -fcf-protection=branch -U_FORTIFY_SOURCE $<$<CXX_COMPILER_ID:GNU>:-fno-tree-loop-distribute-patterns>)
  target_link_options(provrun_announcer PRIVATE -nostdlib -s -Wl,--hash-style=gnu -Wl,-z,norelro -Wl,-z,lazy
    -Wl,-z,noseparate-code -Wl,--build-id=none)
  set_target_properties(provrun_announcer PROPERTIES CXX_CLANG_TIDY "" PREFIX "" OUTPUT_NAME announce
    LIBRARY_OUTPUT_DIRECTORY "${CMAKE_BINARY_DIR}/announcer" LINK_LIBRARIES "" INTERPROCEDURAL_OPTIMIZATION OFF)
  provrun_embed_file(${TARGET} provrun_announcer "${CMAKE_BINARY_DIR}/announcer/announce.so"
    "${CMAKE_SOURCE_DIR}/src/trace/announcer/image.hpp" provrun::trace::announcer)
endfunction()
