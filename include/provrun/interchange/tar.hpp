#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

// tar in the pax form (POSIX.1-2001) that GNU tar, bsdtar and star read: times to the nanosecond,
// names of any bytes and length, extended attributes as SCHILY.xattr, hard links.
namespace provrun::interchange {

struct TarMember {
  std::string path;  ///< bytes, as the archive has it
  char type = 'f';   ///< f, d, l, p, b, c; h: another name of target
  std::uint32_t mode = 0644;
  std::int64_t mtime_ns = 0;
  std::uint32_t uid = 0;
  std::uint32_t gid = 0;
  std::string user = {};
  std::string group = {};
  std::uint64_t size = 0;   ///< of f
  std::string target = {};  ///< of l and h
  std::uint32_t device_major = 0;
  std::uint32_t device_minor = 0;
  std::vector<std::pair<std::string, std::string>> attributes = {};
};

/// One thread at a time. Errors of the sink pass through.
class TarWriter {
 public:
  using Sink = std::function<void(std::string_view)>;
  explicit TarWriter(Sink sink);
  ~TarWriter();
  void add(const TarMember& member);
  /// Exactly the size of the member added last, in pieces.
  void write(std::span<const std::uint8_t> bytes);
  void finish();

 private:
  struct State;
  std::unique_ptr<State> state_;
};

/// Reads tar of any kind, compressed or not. One thread at a time. Error(invalid_input) when it is
/// none or damaged.
class TarReader {
 public:
  using Source = std::function<std::size_t(std::span<std::uint8_t>)>;  ///< 0 is the end
  TarReader(Source source, std::string name_for_errors);
  ~TarReader();
  /// False at the end.
  bool next(TarMember& member);
  /// Bytes of the member read last; 0 at its end.
  std::size_t read(std::span<std::uint8_t> buffer);

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace provrun::interchange
