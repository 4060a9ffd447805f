# provrun_room(NAME [DEPS room...] [LIBRARIES target...])
# One room of the house: a static library of src/NAME/*.cpp with its headers in include/provrun/NAME.
# DEPS must already be rooms, so rooms are declared bottom up and a circle cannot be written.
# LIBRARIES are foreign libraries; they stay private to the room.
function(provrun_room NAME)
  cmake_parse_arguments(ROOM "" "" "DEPS;LIBRARIES" ${ARGN})
  file(GLOB sources CONFIGURE_DEPENDS "${CMAKE_SOURCE_DIR}/src/${NAME}/*.cpp")
  set(target provrun_${NAME})
  add_library(${target} STATIC ${sources})
  target_include_directories(${target} PUBLIC "${CMAKE_SOURCE_DIR}/include"
                                       PRIVATE "${CMAKE_SOURCE_DIR}/src/${NAME}")
  target_link_libraries(${target} PRIVATE provrun_settings ${ROOM_LIBRARIES})
  foreach(dep IN LISTS ROOM_DEPS)
    if(NOT TARGET provrun_${dep})
      message(FATAL_ERROR "room ${NAME} depends on ${dep}, which is not a room below it")
    endif()
    target_link_libraries(${target} PUBLIC provrun_${dep})
  endforeach()
  set_property(GLOBAL APPEND PROPERTY PROVRUN_ROOMS ${NAME})
endfunction()
