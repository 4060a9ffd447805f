# provrun_embed_templates(TARGET): adds a generated source with the files of workflows/ to the target, which
# defines provrun::app::template_files() as its own template_files.hpp declares it.
add_executable(template_compiler tools/templates/main.cpp)
target_compile_features(template_compiler PRIVATE cxx_std_20)
target_compile_options(template_compiler PRIVATE -O0 -Wall -Wextra)
set_target_properties(template_compiler PROPERTIES CXX_CLANG_TIDY "")

function(provrun_embed_templates TARGET)
  file(GLOB_RECURSE files CONFIGURE_DEPENDS "${CMAKE_SOURCE_DIR}/workflows/*")
  set(source "${CMAKE_BINARY_DIR}/template_files.cpp")
  add_custom_command(OUTPUT "${source}"
    COMMAND template_compiler "${CMAKE_SOURCE_DIR}/workflows" "${source}"
    DEPENDS template_compiler ${files}
    COMMENT "templates of workflows/ to a source"
    VERBATIM)
  target_sources(${TARGET} PRIVATE "${source}")
endfunction()
