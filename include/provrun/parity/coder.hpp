#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "provrun/parity/galois.hpp"
#include "provrun/parity/recovery_set.hpp"

// Reed-Solomon as PAR2 has it: recovery slice e is the sum of all slices d, each times its constant
// raised to e; the constants are the powers of two whose exponents have no factor in common with
// 65535. Long sums are made in tiles that stay in the processor's caches.
namespace provrun::parity {

/// The constant of the slice of this number, below kMaximumSlices.
std::uint16_t slice_constant(std::uint32_t slice);

/// Sums over slices, one for each exponent. Memory: a slice for each sum, and 32 MiB or one slice.
class Sums {
 public:
  Sums(std::uint64_t slice_size, std::vector<std::uint32_t> exponents);
  /// Adds the slice of this number; zeros follow where it is shorter.
  void add(std::uint32_t slice, std::span<const std::uint8_t> bytes);
  /// Adds the bytes to one sum as they are.
  void add_plain(std::size_t sum, std::span<const std::uint8_t> bytes);
  /// In planes; after this nothing is added any more.
  std::vector<std::vector<std::uint8_t>> finish();

 private:
  void flush();
  std::size_t planar_;
  std::vector<std::uint32_t> exponents_;
  std::vector<std::vector<std::uint8_t>> sums_;
  std::vector<std::vector<std::uint8_t>> waiting_;  ///< slices in planes
  std::vector<std::uint32_t> numbers_;              ///< of those in use
  std::size_t batch_;
};

/// A file to protect.
struct Member {
  std::string name;
  ByteSource* source = nullptr;
};

/// Makes a recovery set. Each member is read from its beginning to its end once, and once more for
/// each further part of the recovery slices that does not fit into the memory allowed.
class SetEncoder {
 public:
  /// recovery slices have the exponents 0, 1, …. Error(invalid_input) when there are too many
  /// slices.
  SetEncoder(std::vector<Member> members, std::uint64_t slice_size, std::uint32_t recovery,
             std::uint64_t memory);
  /// Gives every byte of every member once, in order, with the member's place among those given:
  /// what it throws ends the work.
  using Seen = std::function<void(std::size_t member, std::span<const std::uint8_t>)>;
  void read(const Seen& seen);
  /// The whole file, in one go; after read().
  void emit(std::string_view creator, const ByteSink& sink);

  const RecoverySet& set() const { return set_; }

 private:
  void accumulate(Sums& sums, const Seen* seen);
  std::vector<std::uint32_t> exponents_from(std::uint32_t first) const;

  std::vector<Member> members_;  ///< in the set's order
  std::vector<std::size_t> places_;
  RecoverySet set_;
  std::uint32_t recovery_;
  std::uint32_t at_once_;
  std::unique_ptr<Sums> sums_;  ///< of the first part
};

/// Computes lost slices from those that are left and as many recovery slices.
class Rebuilder {
 public:
  /// Chooses recovery slices that suffice. Error(corruption) when there are too few.
  Rebuilder(const RecoverySet& set, std::vector<std::uint32_t> lost);
  /// The recovery slices to give to add_recovery, in this order.
  const std::vector<RecoverySlice>& chosen() const { return chosen_; }
  void add_recovery(std::size_t number, std::span<const std::uint8_t> bytes);
  /// Every slice that is not lost.
  void add_present(std::uint32_t slice, std::span<const std::uint8_t> bytes);
  void solve();
  /// After solve(): the bytes of the lost slice of this place among those given.
  std::span<const std::uint8_t> slice(std::size_t place) const;
  const std::vector<std::uint32_t>& lost() const { return lost_; }

 private:
  std::uint64_t slice_size_;
  std::vector<std::uint32_t> lost_;
  std::vector<RecoverySlice> chosen_;
  std::unique_ptr<Sums> sums_;
  std::vector<std::vector<std::uint8_t>> slices_;
};

}  // namespace provrun::parity
