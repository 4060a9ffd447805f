# `cmake --install` and the Debian package (`cpack`): the program, man pages, completions, schemas, templates, docs.
if(NOT TARGET provrun)
  return()
endif()
set_target_properties(provrun PROPERTIES RUNTIME_OUTPUT_DIRECTORY "${CMAKE_BINARY_DIR}/bin")
install(TARGETS provrun RUNTIME DESTINATION "${CMAKE_INSTALL_BINDIR}")

# Debian wants man pages and the changelog compressed, without a time stamp in the file.
find_program(GZIP_PROGRAM gzip)
set(compressed)
foreach(page IN LISTS PROVRUN_MAN_PAGES)
  get_filename_component(name "${page}" NAME)
  set(out "${CMAKE_BINARY_DIR}/man/${name}.gz")
  add_custom_command(OUTPUT "${out}" COMMAND "${GZIP_PROGRAM}" -9nkf "${page}" DEPENDS "${page}" VERBATIM)
  list(APPEND compressed "${out}")
endforeach()
set(PROVRUN_CONTACT "provrun maintainers <provrun@example.org>")
# SOURCE_DATE_EPOCH fixes the date of a reproducible build.
string(TIMESTAMP PROVRUN_PACKAGE_DATE "%a, %d %b %Y %H:%M:%S +0000" UTC)
configure_file("${CMAKE_SOURCE_DIR}/cmake/debian_changelog.in" "${CMAKE_BINARY_DIR}/package/changelog" @ONLY)
set(changelog "${CMAKE_BINARY_DIR}/package/changelog.gz")
add_custom_command(OUTPUT "${changelog}"
  COMMAND "${GZIP_PROGRAM}" -9nkf "${CMAKE_BINARY_DIR}/package/changelog"
  DEPENDS "${CMAKE_BINARY_DIR}/package/changelog" VERBATIM)
add_custom_target(package_files ALL DEPENDS ${compressed} "${changelog}")

install(FILES ${compressed} DESTINATION "${CMAKE_INSTALL_MANDIR}/man1")
set(completion "${CMAKE_BINARY_DIR}/completion")
install(FILES "${completion}/provrun.bash" DESTINATION "${CMAKE_INSTALL_DATADIR}/bash-completion/completions" RENAME provrun)
install(FILES "${completion}/provrun.zsh" DESTINATION "${CMAKE_INSTALL_DATADIR}/zsh/vendor-completions" RENAME _provrun)
install(FILES "${completion}/provrun.fish" DESTINATION "${CMAKE_INSTALL_DATADIR}/fish/vendor_completions.d")

# The program finds schemas and templates below its own prefix: ../share/provrun from the binary.
set(share "${CMAKE_INSTALL_DATADIR}/provrun")
install(DIRECTORY "${CMAKE_SOURCE_DIR}/schemas" DESTINATION "${share}" FILES_MATCHING PATTERN "*.json")
install(DIRECTORY "${CMAKE_SOURCE_DIR}/workflows/" DESTINATION "${share}/workflows" PATTERN ".provrun" EXCLUDE)
install(DIRECTORY "${CMAKE_SOURCE_DIR}/examples/" DESTINATION "${CMAKE_INSTALL_DOCDIR}/examples" PATTERN ".provrun" EXCLUDE)
install(FILES "${CMAKE_SOURCE_DIR}/README.md" "${CMAKE_SOURCE_DIR}/CHANGELOG.md" "${changelog}" DESTINATION "${CMAKE_INSTALL_DOCDIR}")
install(FILES "${CMAKE_SOURCE_DIR}/cmake/copyright" DESTINATION "${CMAKE_INSTALL_DOCDIR}")
install(DIRECTORY "${CMAKE_SOURCE_DIR}/docs/" DESTINATION "${CMAKE_INSTALL_DOCDIR}/docs" FILES_MATCHING PATTERN "*.md")

set(CPACK_GENERATOR DEB)
set(CPACK_PACKAGE_CONTACT "${PROVRUN_CONTACT}")
set(CPACK_PACKAGE_NAME provrun)
set(CPACK_PACKAGE_VERSION "${PROJECT_VERSION}")
set(CPACK_PACKAGE_DESCRIPTION_SUMMARY "run workflows and remember where every result came from")
set(CPACK_PACKAGE_DESCRIPTION "provrun runs the steps of a declared workflow, each only when what decides its
result has changed, and records commands, contents, environment and lineage
in a deduplicating repository. Any recorded run can be listed, explained,
restored and reproduced.")
set(CPACK_STRIP_FILES ON)
set(CPACK_PACKAGING_INSTALL_PREFIX /usr)
set(CPACK_DEBIAN_FILE_NAME DEB-DEFAULT)
set(CPACK_DEBIAN_PACKAGE_SECTION science)
set(CPACK_DEBIAN_PACKAGE_PRIORITY optional)
set(CPACK_DEBIAN_PACKAGE_SHLIBDEPS ON)  # from what is linked
set(CPACK_DEBIAN_PACKAGE_RECOMMENDS "git, fuse3")
set(CPACK_DEBIAN_PACKAGE_CONTROL_STRICT_PERMISSION ON)
set(CPACK_INSTALL_DEFAULT_DIRECTORY_PERMISSIONS
  OWNER_READ OWNER_WRITE OWNER_EXECUTE GROUP_READ GROUP_EXECUTE WORLD_READ WORLD_EXECUTE)
include(CPack)
