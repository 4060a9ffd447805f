# provrun_manual: the pages of docs/manual/cli as a library (provrun/cli/manual_pages.hpp), and beside it, in the
# build folder, the man pages man/*.1 and completion/provrun.{bash,zsh,fish}. One source, so that the help
# text, the man page and the completions cannot say different things.
add_executable(manual_compiler
  tools/manual/main.cpp tools/manual/page.cpp tools/manual/text.cpp tools/manual/man.cpp
  tools/manual/completion.cpp tools/manual/embed.cpp)
target_compile_features(manual_compiler PRIVATE cxx_std_20)
# It runs once, at build time: short compilation matters more than its speed, and it needs no instrumentation.
target_compile_options(manual_compiler PRIVATE -O0 -Wall -Wextra)
set_target_properties(manual_compiler PROPERTIES CXX_CLANG_TIDY "")

file(GLOB PROVRUN_PAGES CONFIGURE_DEPENDS "${CMAKE_SOURCE_DIR}/docs/manual/cli/*.md")
list(FILTER PROVRUN_PAGES EXCLUDE REGEX "README\\.md$")
set(PROVRUN_MAN_PAGES)
foreach(page IN LISTS PROVRUN_PAGES)
  get_filename_component(verb "${page}" NAME_WE)
  if(verb STREQUAL "provrun")
    list(APPEND PROVRUN_MAN_PAGES "${CMAKE_BINARY_DIR}/man/provrun.1")
  else()
    list(APPEND PROVRUN_MAN_PAGES "${CMAKE_BINARY_DIR}/man/provrun-${verb}.1")
  endif()
endforeach()
set(PROVRUN_COMPLETIONS)
foreach(shell IN ITEMS bash zsh fish)
  list(APPEND PROVRUN_COMPLETIONS "${CMAKE_BINARY_DIR}/completion/provrun.${shell}")
endforeach()

add_custom_command(
  OUTPUT "${CMAKE_BINARY_DIR}/manual_pages.cpp" ${PROVRUN_MAN_PAGES} ${PROVRUN_COMPLETIONS}
  COMMAND manual_compiler "${CMAKE_SOURCE_DIR}/docs/manual/cli" "${PROJECT_VERSION}" "${CMAKE_BINARY_DIR}"
  DEPENDS manual_compiler ${PROVRUN_PAGES}
  COMMENT "manual: pages to help texts, man pages and completions"
  VERBATIM)
add_library(provrun_manual STATIC "${CMAKE_BINARY_DIR}/manual_pages.cpp")
target_include_directories(provrun_manual PUBLIC "${CMAKE_SOURCE_DIR}/include")
target_compile_features(provrun_manual PUBLIC cxx_std_20)
# `all` makes them even where nothing links the library yet, so that the lint tests find the completions.
add_custom_target(manual_files ALL DEPENDS ${PROVRUN_MAN_PAGES} ${PROVRUN_COMPLETIONS})
