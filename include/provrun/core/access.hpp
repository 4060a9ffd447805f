#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "provrun/core/content_id.hpp"

// What an execution was seen to do with files. docs/design/observation.md says how it is seen, and
// what follows from it.
namespace provrun::core {

/// How well an execution was observed.
enum class Grade {
  traced,   ///< every use of a file was seen
  partial,  ///< some may have been missed; the reason says which
  declared  ///< nothing was seen: files are those that the pipeline declares
};
std::string_view name_of(Grade grade);
std::optional<Grade> parse_grade(std::string_view name);

/// How an execution is asked to be observed: by the best mechanism that the machine allows, not at
/// all, or by one mechanism, and where that one cannot be had not at all.
enum class TraceMode : std::uint8_t { automatic, off, preload_notify, notify, ptrace, preload };
/// "auto", "off", "preload+notify", "notify", "ptrace", "preload".
std::string_view name_of(TraceMode mode);
std::optional<TraceMode> parse_trace_mode(std::string_view name);

/// What was done with a path; a set of these is kept as the sum of their values.
enum class Use : std::uint16_t {
  read = 1,      ///< opened for reading, or mapped
  write = 2,     ///< opened for writing, truncated, or its contents replaced
  create = 4,    ///< made where nothing was
  remove = 8,    ///< unlinked, or renamed to another path
  probe = 16,    ///< looked for, by stat, access, or an open that failed
  list = 32,     ///< its entries were read (a directory)
  execute = 64,  ///< started as a program, or as the interpreter of one
  follow = 128   ///< its target was read or followed (a symbolic link)
};

class Uses {
 public:
  constexpr Uses() = default;
  constexpr Uses(Use use) : bits_(static_cast<std::uint16_t>(use)) {}
  constexpr bool has(Use use) const { return (bits_ & static_cast<std::uint16_t>(use)) != 0; }
  constexpr bool empty() const { return bits_ == 0; }
  constexpr void add(Uses other) { bits_ |= other.bits_; }
  constexpr std::uint16_t bits() const { return bits_; }
  static constexpr Uses of_bits(std::uint16_t bits) {
    Uses uses;
    uses.bits_ = bits;
    return uses;
  }
  constexpr bool operator==(const Uses&) const = default;

 private:
  std::uint16_t bits_ = 0;
};
constexpr Uses operator|(Uses a, Uses b) {
  a.add(b);
  return a;
}
constexpr Uses operator|(Use a, Use b) {
  return Uses(a) | Uses(b);
}

/// What stood at a path.
enum class Presence : std::uint8_t { unknown, absent, file, directory, symlink, other };

/// One path as one execution used it. What was there at its first use decides whether the step must
/// run again; what is there afterwards, at written paths, is what it made.
struct Access {
  std::string path;  ///< as in Artifact; normalized, and without symbolic links but for the last
                     ///< component of one that was followed
  Uses uses;
  Presence before = Presence::unknown;  ///< at the first use
  /// At the first use: of a file that was read, its bytes; of a directory that was listed, the
  /// names and types of its entries (docs/formats/observation.md); of a symbolic link that was
  /// followed, its target. Absent where only the presence mattered, or when it could not be had.
  std::optional<ContentId> content;
  std::uint64_t size = 0;     ///< of a file at its first use, bytes
  std::uint32_t mode = 0;     ///< permission bits at the first use
  bool changed = false;       ///< somebody else changed it while the execution used it
  std::int64_t mtime_ns = 0;  ///< of a file that was read; not written down, 0: not known
  bool operator==(const Access&) const = default;
};

/// One program that an execution started.
struct ObservedProcess {
  std::uint32_t id = 0;  ///< counts from 1 within the execution; the first has parent 0
  std::uint32_t parent = 0;
  std::string program;  ///< path as in Access
  bool operator==(const ObservedProcess&) const = default;
};

/// All that was seen of one attempt at a step.
struct Observation {
  Grade grade = Grade::declared;
  std::string reason;            ///< why it is not `traced`, one sentence
  std::string mechanism;         ///< "preload+notify", "notify", "ptrace", "preload"; empty: none
  std::vector<Access> accesses;  ///< sorted by path, each path once
  std::vector<ObservedProcess> processes;  ///< in the order they were started
  std::vector<std::string> network;        ///< peers that sockets were connected to, sorted
};

}  // namespace provrun::core
