# provrun_embed_launcher(TARGET): builds the process that starts steps as a small static program and puts its
# bytes into the target, so that provrun needs no file beside itself.
function(provrun_embed_launcher TARGET)
  add_executable(provrun_launcher "${CMAKE_SOURCE_DIR}/src/exec/launcher/launcher.cpp")
  target_compile_features(provrun_launcher PRIVATE cxx_std_20)
  # No instrumentation: it has no library but libc, and its memory is what a step starts with.
  target_compile_options(provrun_launcher PRIVATE -Os -Wall -Wextra -fno-exceptions -fno-rtti
    -fno-asynchronous-unwind-tables -ffunction-sections -fno-pie)
  target_link_options(provrun_launcher PRIVATE -static -no-pie -Wl,--gc-sections -s)
  set_target_properties(provrun_launcher PROPERTIES CXX_CLANG_TIDY "" POSITION_INDEPENDENT_CODE OFF
    RUNTIME_OUTPUT_DIRECTORY "${CMAKE_BINARY_DIR}/launcher")
  provrun_embed_file(${TARGET} provrun_launcher "${CMAKE_BINARY_DIR}/launcher/provrun_launcher"
    "${CMAKE_SOURCE_DIR}/src/exec/launcher/image.hpp" provrun::exec::launcher)
endfunction()
