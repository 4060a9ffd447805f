#pragma once

#include <cstdint>
#include <span>
#include <string>

namespace provrun::os {

/// A file mapped for reading. The bytes stay readable after the file is replaced or removed, not
/// after it is truncated: map only files that are never changed in place. Safe from any thread.
class MappedFile {
 public:
  MappedFile() = default;
  /// Throws base::Error from errno.
  explicit MappedFile(const std::string& path);
  ~MappedFile();
  MappedFile(MappedFile&& other) noexcept;
  MappedFile& operator=(MappedFile&& other) noexcept;

  std::span<const std::uint8_t> bytes() const { return {data_, size_}; }

 private:
  const std::uint8_t* data_ = nullptr;
  std::size_t size_ = 0;
};

}  // namespace provrun::os
