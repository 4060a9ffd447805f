# provrun_embed_file(TARGET BUILT_BY FILE HEADER NAMESPACE): puts the bytes of a file that another target builds into
# TARGET, as the function image() that the header declares in the namespace.
function(provrun_embed_file TARGET BUILT_BY EMBED_FILE EMBED_HEADER EMBED_NAMESPACE)
  set(EMBED_SYMBOL "${BUILT_BY}_image")
  set(source "${CMAKE_BINARY_DIR}/embedded/${BUILT_BY}.cpp")
  configure_file("${CMAKE_SOURCE_DIR}/cmake/embedded_file.cpp.in" "${source}" @ONLY)
  # The assembler reads the file: a source that several are compiled into would not wait for it.
  set_source_files_properties("${source}" TARGET_DIRECTORY "${TARGET}" PROPERTIES
    OBJECT_DEPENDS "${EMBED_FILE}" SKIP_UNITY_BUILD_INCLUSION ON)
  target_sources(${TARGET} PRIVATE "${source}")
  add_dependencies(${TARGET} ${BUILT_BY})
endfunction()
