#include "provrun/parity/coder.hpp"

#include <algorithm>
#include <numeric>

#include "provrun/base/error.hpp"

namespace provrun::parity {

namespace {

constexpr std::size_t kTile = 16 << 10;
constexpr std::size_t kBatchBytes = 32 << 20;
constexpr std::size_t kBatchSlices = 64;

using Matrix = std::vector<std::vector<std::uint16_t>>;

// row += factor * other
void add_row(std::vector<std::uint16_t>& row, const std::vector<std::uint16_t>& other,
             std::uint16_t factor) {
  if (factor == 0) return;
  for (std::size_t i = 0; i < row.size(); ++i)
    row[i] = static_cast<std::uint16_t>(row[i] ^ multiply(other[i], factor));
}

// Of a matrix that has one.
Matrix inverse(Matrix matrix) {
  const auto n = matrix.size();
  Matrix result(n, std::vector<std::uint16_t>(n));
  for (std::size_t i = 0; i < n; ++i) result[i][i] = 1;
  for (std::size_t column = 0; column < n; ++column) {
    auto pivot = column;
    while (matrix[pivot][column] == 0) ++pivot;
    std::swap(matrix[pivot], matrix[column]);
    std::swap(result[pivot], result[column]);
    const auto factor = invert(matrix[column][column]);
    for (auto& value : matrix[column]) value = multiply(value, factor);
    for (auto& value : result[column]) value = multiply(value, factor);
    for (std::size_t row = 0; row < n; ++row) {
      if (row == column) continue;
      const auto times = matrix[row][column];
      add_row(matrix[row], matrix[column], times);
      add_row(result[row], result[column], times);
    }
  }
  return result;
}

std::vector<std::uint16_t> row_of(std::uint32_t exponent,
                                  const std::vector<std::uint32_t>& slices) {
  std::vector<std::uint16_t> row;
  row.reserve(slices.size());
  for (const auto slice : slices) row.push_back(raise(slice_constant(slice), exponent));
  return row;
}

// The first recovery slices whose rows are independent of each other, as many as slices are lost.
std::vector<RecoverySlice> choose_rows(const std::vector<RecoverySlice>& available,
                                       const std::vector<std::uint32_t>& lost) {
  std::vector<RecoverySlice> chosen;
  std::vector<std::pair<std::size_t, std::vector<std::uint16_t>>> reduced;  // leading column, row
  for (const auto& slice : available) {
    if (chosen.size() == lost.size()) break;
    auto row = row_of(slice.exponent, lost);
    for (const auto& [column, known] : reduced) add_row(row, known, row[column]);
    const auto lead = std::find_if(row.begin(), row.end(), [](auto value) { return value != 0; });
    if (lead == row.end()) continue;
    const auto factor = invert(*lead);
    const auto column = static_cast<std::size_t>(lead - row.begin());
    for (auto& value : row) value = multiply(value, factor);
    reduced.emplace_back(column, std::move(row));
    chosen.push_back(slice);
  }
  return chosen;
}

// target[r] += Σ factors[r][i] * sources[i], tile by tile.
void multiply_tiles(const std::vector<std::span<const std::uint8_t>>& sources,
                    const std::vector<std::vector<Factor>>& factors,
                    std::vector<std::vector<std::uint8_t>>& targets) {
  if (sources.empty() || targets.empty()) return;
  const auto size = targets.front().size();
  for (std::size_t at = 0; at < size; at += kTile) {
    const auto n = std::min(kTile, size - at);
    for (std::size_t r = 0; r < targets.size(); ++r)
      for (std::size_t i = 0; i < sources.size(); ++i)
        factors[r][i].multiply_add(sources[i].subspan(at, n), std::span(targets[r]).subspan(at, n));
  }
}

}  // namespace

std::uint16_t slice_constant(std::uint32_t slice) {
  static const std::vector<std::uint16_t> constants = [] {
    std::vector<std::uint16_t> made;
    for (std::uint32_t exponent = 1; exponent < 65535; ++exponent)
      if (std::gcd(exponent, 65535U) == 1) made.push_back(power_of_two(exponent));
    return made;
  }();
  return constants.at(slice);
}

Sums::Sums(std::uint64_t slice_size, std::vector<std::uint32_t> exponents)
    : planar_(planar_size(static_cast<std::size_t>(slice_size))),
      exponents_(std::move(exponents)),
      sums_(exponents_.size(), std::vector<std::uint8_t>(planar_)),
      batch_(std::clamp<std::size_t>(kBatchBytes / planar_, 1, kBatchSlices)) {}

void Sums::add(std::uint32_t slice, std::span<const std::uint8_t> bytes) {
  if (waiting_.size() == numbers_.size()) waiting_.emplace_back(planar_);
  to_planes(bytes, waiting_[numbers_.size()]);
  numbers_.push_back(slice);
  if (numbers_.size() == batch_) flush();
}

void Sums::add_plain(std::size_t sum, std::span<const std::uint8_t> bytes) {
  std::vector<std::uint8_t> planes(planar_);
  to_planes(bytes, planes);
  static const Factor one(1);
  one.multiply_add(planes, sums_[sum]);
}

void Sums::flush() {
  std::vector<std::span<const std::uint8_t>> sources;
  for (std::size_t i = 0; i < numbers_.size(); ++i) sources.emplace_back(waiting_[i]);
  std::vector<std::vector<Factor>> factors(exponents_.size());
  for (std::size_t r = 0; r < exponents_.size(); ++r)
    for (const auto number : numbers_)
      factors[r].emplace_back(raise(slice_constant(number), exponents_[r]));
  multiply_tiles(sources, factors, sums_);
  numbers_.clear();
}

std::vector<std::vector<std::uint8_t>> Sums::finish() {
  flush();
  waiting_.clear();
  return std::move(sums_);
}

SetEncoder::SetEncoder(std::vector<Member> members, std::uint64_t slice_size,
                       std::uint32_t recovery, std::uint64_t memory)
    : recovery_(recovery),
      at_once_(static_cast<std::uint32_t>(std::clamp<std::uint64_t>(
          memory / slice_size, 1, std::max<std::uint32_t>(1, recovery)))) {
  std::uint64_t slices = 0;
  set_.slice_size = slice_size;
  std::vector<std::uint8_t> head;
  for (const auto& member : members) {
    SetFile file;
    file.name = member.name;
    file.size = member.source->size();
    head.resize(static_cast<std::size_t>(std::min<std::uint64_t>(kHeadSize, file.size)));
    member.source->read(0, head);
    file.head_md5 = hash::md5(head);
    slices += file.size / slice_size + 1;
    set_.files.push_back(std::move(file));
  }
  if (members.empty() || slices > kMaximumSlices || recovery > kMaximumSlices)
    throw base::Error(base::ErrorCode::invalid_input, "a recovery set has at most 32768 slices");
  seal(set_);
  for (const auto& file : set_.files) {
    const auto at = std::find_if(members.begin(), members.end(),
                                 [&](const auto& member) { return member.name == file.name; });
    members_.push_back(*at);
    places_.push_back(static_cast<std::size_t>(at - members.begin()));
  }
}

std::vector<std::uint32_t> SetEncoder::exponents_from(std::uint32_t first) const {
  std::vector<std::uint32_t> exponents(std::min(at_once_, recovery_ - first));
  std::iota(exponents.begin(), exponents.end(), first);
  return exponents;
}

void SetEncoder::accumulate(Sums& sums, const Seen* seen) {
  std::vector<std::uint8_t> buffer(static_cast<std::size_t>(set_.slice_size));
  std::uint32_t number = 0;
  for (std::size_t i = 0; i < members_.size(); ++i) {
    auto& file = set_.files[i];
    if (seen != nullptr) file.slices.clear();
    hash::Md5 whole;
    for (std::uint64_t at = 0; at < file.size; at += set_.slice_size) {
      const auto n =
          static_cast<std::size_t>(std::min<std::uint64_t>(set_.slice_size, file.size - at));
      const auto bytes = std::span(buffer).first(n);
      members_[i].source->read(at, bytes);
      if (seen != nullptr) {
        (*seen)(places_[i], bytes);
        whole.update(bytes);
        std::fill(buffer.begin() + static_cast<std::ptrdiff_t>(n), buffer.end(), std::uint8_t{0});
        file.slices.push_back({hash::md5(buffer), crc32(buffer)});
      }
      sums.add(number++, bytes);
    }
    if (seen != nullptr) file.md5 = whole.finish();
  }
}

void SetEncoder::read(const Seen& seen) {
  sums_ = std::make_unique<Sums>(set_.slice_size, exponents_from(0));
  accumulate(*sums_, &seen);
}

void SetEncoder::emit(std::string_view creator, const ByteSink& sink) {
  const auto give = [&](std::string_view text) {
    sink({reinterpret_cast<const std::uint8_t*>(text.data()), text.size()});
  };
  const auto description = encode_description(set_, creator);
  give(description);
  for (std::uint32_t first = 0; first < recovery_; first += at_once_) {
    const auto exponents = exponents_from(first);
    if (first > 0) {
      sums_ = std::make_unique<Sums>(set_.slice_size, exponents);
      accumulate(*sums_, nullptr);
    }
    auto sums = sums_->finish();
    sums_.reset();
    for (std::size_t i = 0; i < sums.size(); ++i) {
      from_planes(sums[i]);
      const auto bytes =
          std::span<const std::uint8_t>(sums[i]).first(static_cast<std::size_t>(set_.slice_size));
      give(encode_recovery_header(set_, exponents[i], bytes));
      sink(bytes);
    }
  }
  give(description);  // again: damage in one place leaves the other
}

Rebuilder::Rebuilder(const RecoverySet& set, std::vector<std::uint32_t> lost)
    : slice_size_(set.slice_size),
      lost_(std::move(lost)),
      chosen_(choose_rows(set.recovery, lost_)) {
  if (chosen_.size() < lost_.size())
    throw base::Error(base::ErrorCode::corruption,
                      "more slices are lost than there are recovery slices");
  std::vector<std::uint32_t> exponents;
  for (const auto& slice : chosen_) exponents.push_back(slice.exponent);
  sums_ = std::make_unique<Sums>(slice_size_, std::move(exponents));
}

void Rebuilder::add_recovery(std::size_t number, std::span<const std::uint8_t> bytes) {
  sums_->add_plain(number, bytes);
}

void Rebuilder::add_present(std::uint32_t slice, std::span<const std::uint8_t> bytes) {
  sums_->add(slice, bytes);
}

void Rebuilder::solve() {
  Matrix matrix;
  for (const auto& slice : chosen_) matrix.push_back(row_of(slice.exponent, lost_));
  const auto solution = inverse(std::move(matrix));
  slices_ = sums_->finish();
  sums_.reset();
  const auto n = slices_.size();
  std::vector<std::vector<Factor>> factors(n);
  for (std::size_t i = 0; i < n; ++i)
    for (std::size_t j = 0; j < n; ++j) factors[i].emplace_back(solution[i][j]);
  // Column by column in place: what a tile is computed from is copied first.
  const auto size = n == 0 ? 0 : slices_.front().size();
  constexpr std::size_t kColumn = 4 << 10;
  std::vector<std::uint8_t> tile(n * kColumn);
  for (std::size_t at = 0; at < size; at += kColumn) {
    const auto width = std::min(kColumn, size - at);
    for (std::size_t i = 0; i < n; ++i) {
      const auto from = std::span(slices_[i]).subspan(at, width);
      std::copy(from.begin(), from.end(), tile.begin() + static_cast<std::ptrdiff_t>(i * kColumn));
      std::fill(from.begin(), from.end(), std::uint8_t{0});
    }
    for (std::size_t i = 0; i < n; ++i)
      for (std::size_t j = 0; j < n; ++j)
        factors[i][j].multiply_add(std::span(tile).subspan(j * kColumn, width),
                                   std::span(slices_[i]).subspan(at, width));
  }
  for (auto& slice : slices_) from_planes(slice);
}

std::span<const std::uint8_t> Rebuilder::slice(std::size_t place) const {
  return std::span<const std::uint8_t>(slices_[place]).first(static_cast<std::size_t>(slice_size_));
}

}  // namespace provrun::parity
