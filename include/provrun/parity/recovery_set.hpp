#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "provrun/hash/md5.hpp"

// A recovery set of the PAR2 specification, version 2.0: files cut into slices of one size, and
// sums of all slices from which lost ones can be computed. A file of one is a row of packets:
//   packet = "PAR2\0PKT" length:u64 md5:16 set:16 type:16 body
// length counts the whole packet, md5 is of what follows it. docs/formats/parity.md has the bodies.
namespace provrun::parity {

/// Bytes at offsets, whoever keeps them.
class ByteSource {
 public:
  virtual ~ByteSource() = default;
  virtual std::uint64_t size() const = 0;
  /// Fills the buffer; what it throws passes through.
  virtual void read(std::uint64_t offset, std::span<std::uint8_t> buffer) = 0;
};
using ByteSink = std::function<void(std::span<const std::uint8_t>)>;

inline constexpr std::uint32_t kMaximumSlices = 32768;  ///< of a set
inline constexpr std::uint64_t kMaximumSliceSize = std::uint64_t{1} << 30U;
inline constexpr std::size_t kHeadSize = 16 << 10;  ///< bytes that the second hash of a file is of

/// Sums of one slice, zeros appended where the file ends in it.
struct SliceSums {
  hash::Md5Digest md5;
  std::uint32_t crc = 0;
  bool operator==(const SliceSums&) const = default;
};

struct SetFile {
  hash::Md5Digest id;  ///< of the three below
  hash::Md5Digest head_md5;
  std::uint64_t size = 0;
  std::string name;
  hash::Md5Digest md5;
  std::vector<SliceSums> slices;
  bool operator==(const SetFile&) const = default;
};

struct RecoverySlice {
  std::uint32_t exponent = 0;
  std::uint64_t offset = 0;  ///< of its bytes in the source
  bool operator==(const RecoverySlice&) const = default;
};

struct RecoverySet {
  hash::Md5Digest id;
  std::uint64_t slice_size = 0;
  std::vector<SetFile> files;           ///< in the order that numbers the slices
  std::vector<RecoverySlice> recovery;  ///< by exponent, each once

  std::uint32_t slices() const;
  std::uint32_t first_slice(std::size_t file) const;
};
std::uint32_t slices_of(std::uint64_t size, std::uint64_t slice_size);

/// What stands before the first recovery slice, for knowing which files a set covers: the bytes of
/// these packets are verified, recovery slices are not looked for. nullopt when that is not a whole
/// description.
std::optional<RecoverySet> read_description(ByteSource& source);
/// Everything, wherever it stands, packets that are not whole left out. Error(corruption) when the
/// description is not there whole.
RecoverySet read_set(ByteSource& source);

/// The packets that describe the set.
std::string encode_description(const RecoverySet& set, std::string_view creator);
/// The packet of a recovery slice without the slice's bytes, which follow.
std::string encode_recovery_header(const RecoverySet& set, std::uint32_t exponent,
                                   std::span<const std::uint8_t> slice);
hash::Md5Digest file_id(const SetFile& file);
/// Sorts the files as the specification numbers them, and computes the set's id.
void seal(RecoverySet& set);

/// CRC-32 of IEEE 802.3, as gzip has it.
std::uint32_t crc32(std::span<const std::uint8_t> bytes, std::uint32_t before = 0);

}  // namespace provrun::parity
