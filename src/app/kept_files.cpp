#include "kept_files.hpp"

#include <vector>

#include "provrun/base/error.hpp"
#include "provrun/base/text.hpp"
#include "provrun/core/links.hpp"
#include "provrun/hash/sha256.hpp"
#include "provrun/os/file.hpp"
#include "provrun/os/unpublished_file.hpp"

namespace provrun::app {

namespace {

void copy_checked(const core::Artifact& artifact, const std::string& from, const std::string& to,
                  std::uint32_t mode) {
  constexpr std::size_t kPiece = std::size_t{1} << 20U;
  const auto source = os::open_for_reading(from);
  os::UnpublishedFile copy(os::parent_path(to));
  hash::Sha256 hasher;
  std::vector<std::uint8_t> buffer(kPiece);
  for (std::uint64_t offset = 0;;) {
    const auto n = os::read_at(source, offset, buffer, from);
    if (n == 0) break;
    const std::span<const std::uint8_t> piece(buffer.data(), n);
    hasher.update(piece);
    copy.append(piece);
    offset += n;
  }
  if (hasher.finish() != artifact.content.digest)
    throw base::Error(base::ErrorCode::conflict,
                      base::printable(artifact.path) + " changed while it was read")
        .hint("run again");
  copy.publish(to, mode);
}

}  // namespace

void keep_copy_of(const core::Artifact& artifact, const std::string& from, const std::string& to) {
  if (!os::lstat_file(to)) copy_checked(artifact, from, to, 0600);
}

void bring_copy_back(const core::Artifact& artifact, const std::string& kept,
                     const std::string& path) {
  os::make_directories(os::parent_path(path));
  copy_checked(artifact, kept, path, artifact.mode & core::kPermissionBits);
}

}  // namespace provrun::app
