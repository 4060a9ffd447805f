#pragma once

#include <cstdint>
#include <memory>
#include <string_view>

#include "provrun/os/file.hpp"

namespace provrun::trace {

class Recorders;

/// A call that a process of a step has made by itself and told of afterwards.
struct Announced {
  enum class Kind { open, look, look_at_link, read_link };
  Kind kind = Kind::look;
  bool failed = false;
  int flags = 0;          ///< of an open, which is never for writing
  os::FileStat stat;      ///< what a successful open gave; inode 0: not known
  std::string_view path;  ///< absolute, not resolved
};

/// The memory in which the library in observed programs tells of calls, and the library itself.
/// It belongs to one slot and serves one attempt at a time. One thread, besides the programs.
class Announcements {
 public:
  /// The value of LD_PRELOAD in observed programs.
  static std::string_view library_path();

  /// Throws base::Error when there is no such memory.
  Announcements();
  ~Announcements();
  Announcements(const Announcements&) = delete;
  Announcements& operator=(const Announcements&) = delete;

  const os::File& library() const { return library_; }
  const os::File& ring() const { return ring_; }
  /// Tells the recorders all that is new. True when something was.
  bool drain(Recorders* recorders);
  /// A process of that part is about to end: what it has taken of the memory is free a while later.
  void process_ends(int process, std::uint32_t part);
  /// From now on everything must wait for the observer again.
  void turn_off();
  /// When no process of the last attempt is left.
  void begin();

 private:
  struct Reader;
  os::File library_;
  os::File ring_;
  std::unique_ptr<Reader> reader_;
};

}  // namespace provrun::trace
