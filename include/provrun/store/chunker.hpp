#pragma once

#include <cstdint>
#include <span>

#include "provrun/store/config.hpp"

namespace provrun::store {

/// Content-defined chunking with a gear hash and two masks (FastCDC, Xia et al. 2016, normalization
/// level 2), method "gear-v1" of docs/formats/repository.md. Whether there is a cut at a byte
/// depends only on where the chunk began and on the 64 bytes up to it. Safe from any thread.
class Chunker {
 public:
  /// Throws Error(invalid_input) unless 64 <= minimum <= average <= maximum and average is a power
  /// of two of at least 256.
  explicit Chunker(const ChunkerParameters& parameters);

  /// Length of the first chunk of the data, which must hold `maximum` bytes or reach to the end of
  /// the file. 0 for no data.
  std::size_t cut(std::span<const std::uint8_t> data) const;

  const ChunkerParameters& parameters() const { return parameters_; }

 private:
  ChunkerParameters parameters_;
  int strict_shift_;   ///< before the average: a cut needs this hash >> shift to be zero
  int lenient_shift_;  ///< after it
};

}  // namespace provrun::store
