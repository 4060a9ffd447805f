#include "provrun/os/mapped_file.hpp"

#include <sys/mman.h>

#include <cerrno>
#include <utility>

#include "provrun/base/error.hpp"
#include "provrun/base/text.hpp"
#include "provrun/os/file.hpp"

namespace provrun::os {

MappedFile::MappedFile(const std::string& path) {
  const File file = open_for_reading(path);
  size_ = stat_of(file, path).size;
  if (size_ == 0) return;
  void* const address = ::mmap(nullptr, size_, PROT_READ, MAP_SHARED, file.fd(), 0);
  if (address == MAP_FAILED) throw base::system_error(errno, "cannot map " + base::printable(path));
  data_ = static_cast<const std::uint8_t*>(address);
}

MappedFile::~MappedFile() {
  if (data_ != nullptr) ::munmap(const_cast<std::uint8_t*>(data_), size_);
}

MappedFile::MappedFile(MappedFile&& other) noexcept
    : data_(std::exchange(other.data_, nullptr)), size_(std::exchange(other.size_, 0)) {}

MappedFile& MappedFile::operator=(MappedFile&& other) noexcept {
  std::swap(data_, other.data_);
  std::swap(size_, other.size_);
  return *this;
}

}  // namespace provrun::os
