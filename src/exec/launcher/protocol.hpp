#pragma once

#include <cstdint>

// What provrun and its launcher say to each other over a stream socket, which the launcher gets as
// its standard input: a Head, then size bytes of payload. Both come from one build, so there is no
// version.
namespace provrun::exec::launcher {

/// trace::Announcements::library_path()
inline constexpr char kLibraryPath[] = "/provrun/announce.so";

enum class Kind : std::uint32_t {
  // to the launcher
  filter,  ///< Filter and a seccomp program; descriptor: the library for LD_PRELOAD, or none;
           ///< answered by `filtered`
  start,   ///< Start and strings; descriptors: stdin, stdout, stderr, directory
  signal,  ///< Signal: to the running process, or to its group
  // from the launcher
  filtered,  ///< Filtered, with the listener as descriptor when there is one
  started,   ///< Started
  ended      ///< Ended
};

struct Head {
  Kind kind = Kind::start;
  std::uint32_t size = 0;
};

struct Filter {
  std::uint32_t listens = 0;  ///< 1: the answers go to a listener
};
struct Filtered {
  std::int32_t error = 0;
  std::uint32_t listens = 0;
};
struct Start {
  std::uint32_t own_group = 0;  ///< and what is left of it at the end is killed
  std::uint32_t traced = 0;     ///< stops itself until a tracer lets it go on
  std::uint32_t argument_count = 0;
  std::uint32_t variable_count = 0;
  // then, each ended by NUL: program, arguments, variables
};
struct Started {
  std::int32_t pid = 0;
  std::int32_t error = 0;  ///< errno of execve; then there is no process
};
struct Signal {
  std::int32_t number = 0;
};
struct Ended {
  std::int32_t status = 0;  ///< as wait gives it
  std::uint32_t left = 0;   ///< it left processes behind; with a group of its own they are gone now
  std::uint64_t user_us = 0;
  std::uint64_t system_us = 0;
  std::uint64_t max_rss_kib = 0;
};

}  // namespace provrun::exec::launcher
