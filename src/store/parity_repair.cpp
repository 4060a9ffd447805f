#include "provrun/store/parity_repair.hpp"

#include <algorithm>
#include <map>
#include <optional>

#include "parity_source.hpp"
#include "provrun/base/error.hpp"
#include "provrun/base/format.hpp"
#include "provrun/parity/coder.hpp"
#include "provrun/store/parity_groups.hpp"
#include "provrun/store/prune.hpp"
#include "provrun/store/trash.hpp"

namespace provrun::store {

namespace {

constexpr std::size_t kPieceSize = 1 << 20;

std::string repaired_name(const PackId& pack) {
  return base::format("trash/repaired/{}.zst", pack.digest.to_hex());
}

bool unreadable(const base::Error& error) {
  return error.code() == base::ErrorCode::not_found || error.code() == base::ErrorCode::corruption;
}

// The objects that may hold bytes of the packs, those in place first.
class Copies {
 public:
  explicit Copies(backend::Backend& backend) {
    for (const auto& folder : list_trash(backend))
      for (const auto& pack : folder.packs) names_[pack].push_back(trash_name(folder.epoch, pack));
    for (const auto& file : backend.list("trash/damaged"))
      if (const auto id = hash::parse_digest(std::string_view(file).substr(0, 64)))
        names_[PackId{*id}].push_back("trash/damaged/" + file);
  }
  std::vector<std::string> of(const PackId& pack) const {
    std::vector<std::string> names{pack.object_name(), repaired_name(pack)};
    if (const auto found = names_.find(pack); found != names_.end())
      names.insert(names.end(), found->second.begin(), found->second.end());
    return names;
  }

 private:
  std::map<PackId, std::vector<std::string>> names_;
};

bool is_whole(backend::Backend& backend, const std::string& name, const PackId& pack,
              const base::Cancellation* cancellation) {
  const auto size = backend.size_of(name);
  if (!size) return false;
  hash::Sha256 hash;
  std::vector<std::uint8_t> buffer;
  for (std::uint64_t at = 0; at < *size; at += buffer.size()) {
    if (cancellation != nullptr) cancellation->check();
    buffer.resize(static_cast<std::size_t>(std::min<std::uint64_t>(kPieceSize, *size - at)));
    try {
      backend.read(name, at, buffer);
    } catch (const base::Error& error) {
      // What the disk does not give counts as lost, whatever it says about it.
      if (!unreadable(error) && error.code() != base::ErrorCode::failed) throw;
      return false;
    }
    hash.update(buffer);
  }
  return hash.finish() == pack.digest;
}

// A whole copy under another name takes the pack's place. At each moment there is one.
void put_in_place(backend::Backend& backend, const std::string& from, const PackId& pack) {
  backend.barrier();
  set_damaged_aside(backend, pack);
  backend.copy(from, pack.object_name());
  backend.barrier();
}

// One group's slices: which are there, and where.
class GroupRepair {
 public:
  GroupRepair(backend::Backend& backend, const ParityGroup& group, const Copies& copies,
              const base::Cancellation* cancellation)
      : backend_(backend),
        copies_(copies),
        cancellation_(cancellation),
        file_(backend, group.object_name(), cancellation),
        set_(parity::read_set(file_)) {
    for (const auto& file : set_.files) {
      const auto id = hash::parse_digest(std::string_view(file.name).substr(9, 64));
      if (!id)
        throw base::Error(base::ErrorCode::corruption, "it covers something that is no pack");
      packs_.push_back(PackId{*id});
    }
  }

  // How many slices are lost and how many can be computed.
  std::pair<std::size_t, std::size_t> look() {
    for (std::size_t i = 0; i < set_.files.size(); ++i) {
      const auto& file = set_.files[i];
      const auto first = static_cast<std::uint32_t>(places_.size());
      places_.resize(places_.size() + file.slices.size());
      const auto names = copies_.of(packs_[i]);
      const auto whole = std::find_if(names.begin(), names.end(), [&](const auto& name) {
        return is_whole(backend_, name, packs_[i], cancellation_);
      });
      std::vector<std::string> looked;
      if (whole != names.end()) {
        for (std::size_t k = 0; k < file.slices.size(); ++k) places_[first + k] = *whole;
        continue;
      }
      for (const auto& name : names) look_at_slices(file, first, name);
      for (std::uint32_t k = 0; k < file.slices.size(); ++k)
        if (places_[first + k].empty()) lost_.push_back(first + k);
    }
    return {lost_.size(), set_.recovery.size()};
  }

  // Error(corruption) when too much is lost.
  void rebuild(const std::function<void(std::uint64_t)>& read) {
    rebuilder_.emplace(set_, lost_);
    std::vector<std::uint8_t> buffer(static_cast<std::size_t>(set_.slice_size));
    for (std::size_t i = 0; i < rebuilder_->chosen().size(); ++i) {
      file_.read(rebuilder_->chosen()[i].offset, buffer);
      rebuilder_->add_recovery(i, buffer);
    }
    for (std::size_t i = 0; i < set_.files.size(); ++i) {
      const auto first = set_.first_slice(i);
      for (std::uint32_t k = 0; k < set_.files[i].slices.size(); ++k) {
        if (places_[first + k].empty()) continue;
        const auto bytes = read_slice(i, k, buffer);
        rebuilder_->add_present(first + k, bytes);
        read(bytes.size());
      }
    }
    rebuilder_->solve();
  }

  bool covers(const PackId& pack) const {
    return std::find(packs_.begin(), packs_.end(), pack) != packs_.end();
  }

  // Writes the pack anew; true when its bytes have its name and it is in its place.
  bool write(const PackId& pack) {
    const auto i =
        static_cast<std::size_t>(std::find(packs_.begin(), packs_.end(), pack) - packs_.begin());
    const auto& file = set_.files[i];
    const auto first = set_.first_slice(i);
    const auto upload = backend_.upload();
    hash::Sha256 hash;
    std::vector<std::uint8_t> buffer(static_cast<std::size_t>(set_.slice_size));
    for (std::uint32_t k = 0; k < file.slices.size(); ++k) {
      std::span<const std::uint8_t> bytes;
      if (places_[first + k].empty()) {
        const auto at = std::lower_bound(lost_.begin(), lost_.end(), first + k) - lost_.begin();
        bytes = rebuilder_->slice(static_cast<std::size_t>(at)).first(length(file, k));
      } else {
        bytes = read_slice(i, k, buffer);
      }
      hash.update(bytes);
      upload->append(bytes);
    }
    if (hash.finish() != pack.digest) return false;
    const auto name = repaired_name(pack);
    // One that is there already is whole, or what a damaged disk has left of it.
    if (!upload->publish(name) && !is_whole(backend_, name, pack, cancellation_)) {
      backend_.remove(name);
      if (!upload->publish(name)) return false;
    }
    put_in_place(backend_, name, pack);
    backend_.remove(name);
    return true;
  }

 private:
  std::size_t length(const parity::SetFile& file, std::uint32_t slice) const {
    return static_cast<std::size_t>(
        std::min<std::uint64_t>(set_.slice_size, file.size - set_.slice_size * slice));
  }

  std::span<const std::uint8_t> read_slice(std::size_t i, std::uint32_t slice,
                                           std::vector<std::uint8_t>& buffer) {
    if (cancellation_ != nullptr) cancellation_->check();
    const auto bytes = std::span(buffer).first(length(set_.files[i], slice));
    backend_.read(places_[set_.first_slice(i) + slice], set_.slice_size * slice, bytes);
    return bytes;
  }

  void look_at_slices(const parity::SetFile& file, std::uint32_t first, const std::string& name) {
    const auto size = backend_.size_of(name);
    if (!size) return;
    std::vector<std::uint8_t> buffer(static_cast<std::size_t>(set_.slice_size));
    for (std::uint32_t k = 0; k < file.slices.size(); ++k) {
      auto& place = places_[first + k];
      const auto n = length(file, k);
      if (!place.empty() || set_.slice_size * k + n > *size) continue;
      if (cancellation_ != nullptr) cancellation_->check();
      try {
        backend_.read(name, set_.slice_size * k, std::span(buffer).first(n));
      } catch (const base::Error& error) {
        if (!unreadable(error) && error.code() != base::ErrorCode::failed) throw;
        continue;
      }
      std::fill(buffer.begin() + static_cast<std::ptrdiff_t>(n), buffer.end(), std::uint8_t{0});
      if (parity::crc32(buffer) == file.slices[k].crc && hash::md5(buffer) == file.slices[k].md5)
        place = name;
    }
  }

  backend::Backend& backend_;
  const Copies& copies_;
  const base::Cancellation* cancellation_;
  ObjectSource file_;
  parity::RecoverySet set_;
  std::vector<PackId> packs_;        ///< of the set's files
  std::vector<std::string> places_;  ///< of each slice: the object that has it; empty: lost
  std::vector<std::uint32_t> lost_;  ///< ascending
  std::optional<parity::Rebuilder> rebuilder_;
};

}  // namespace

std::string_view name_of(PackRepair::Way way) {
  switch (way) {
    case PackRepair::Way::none:
      return "none";
    case PackRepair::Way::read_again:
      return "read again";
    case PackRepair::Way::copy:
      return "copy in the trash";
    case PackRepair::Way::parity:
      return "parity";
  }
  return "";
}

std::string damaged_name(const PackId& pack, std::uint64_t number) {
  return base::format("trash/damaged/{}-{}.zst", pack.digest.to_hex(), number);
}

bool set_damaged_aside(backend::Backend& backend, const PackId& pack) {
  const auto name = pack.object_name();
  if (!backend.size_of(name)) return false;
  for (std::uint64_t number = 1; !backend.copy(name, damaged_name(pack, number));) ++number;
  backend.barrier();
  backend.remove(name);
  return true;
}

std::vector<PackRepair> repair_packs(backend::Backend& backend, const std::vector<PackId>& packs,
                                     const RepairProgress& progress,
                                     const base::Cancellation* cancellation) {
  std::vector<PackRepair> answers;
  std::vector<std::size_t> open;
  const Copies copies(backend);
  for (const auto& pack : packs) {
    answers.push_back({pack, PackRepair::Way::none, "no parity group has it"});
    auto& answer = answers.back();
    if (is_whole(backend, pack.object_name(), pack, cancellation)) {
      answer = {pack, PackRepair::Way::read_again, {}};
      continue;
    }
    for (const auto& name : copies.of(pack)) {
      if (name == pack.object_name() || !is_whole(backend, name, pack, cancellation)) continue;
      put_in_place(backend, name, pack);
      if (name == repaired_name(pack)) backend.remove(name);
      answer = {pack, PackRepair::Way::copy, {}};
      break;
    }
    if (answer.way == PackRepair::Way::none) open.push_back(answers.size() - 1);
  }
  if (open.empty()) return answers;
  std::uint64_t done = 0;
  std::uint64_t total = 0;
  auto groups = list_parity_groups(backend);
  const auto concerned = [&](const ParityGroup& group) {
    return std::any_of(open.begin(), open.end(), [&](auto i) {
      return answers[i].way == PackRepair::Way::none &&
             std::any_of(group.packs.begin(), group.packs.end(),
                         [&](const auto& pack) { return pack.id == answers[i].pack; });
    });
  };
  // The beginning of a file is damaged; its end describes the packs as well.
  for (const auto& name : groups.unreadable) {
    try {
      ObjectSource source(backend, name, cancellation);
      const auto set = parity::read_set(source);
      ParityGroup group;
      group.name = hash::parse_digest(std::string_view(name).substr(7, 64)).value_or(group.name);
      for (const auto& file : set.files)
        if (file.name.size() == 77)
          if (const auto id = hash::parse_digest(std::string_view(file.name).substr(9, 64)))
            group.packs.push_back({PackId{*id}, file.size});
      if (group.packs.size() == set.files.size()) groups.groups.push_back(std::move(group));
    } catch (const base::Error& error) {
      if (!unreadable(error)) throw;
    }
  }
  for (const auto& group : groups.groups)
    if (concerned(group)) total += group.data_bytes();
  for (const auto& group : groups.groups) {
    if (!concerned(group)) continue;
    const auto start = done;
    std::string problem;
    try {
      GroupRepair repair(backend, group, copies, cancellation);
      const auto [lost, available] = repair.look();
      if (lost > available) {
        problem = base::format("parity can bring back {} slices of its group and {} are lost",
                               available, lost);
      } else {
        repair.rebuild([&](std::uint64_t bytes) {
          done += bytes;
          if (progress) progress(done, total);
        });
        for (const auto i : open) {
          auto& answer = answers[i];
          if (answer.way != PackRepair::Way::none || !repair.covers(answer.pack)) continue;
          if (repair.write(answer.pack)) {
            answer = {answer.pack, PackRepair::Way::parity, {}};
          } else {
            answer.problem = "what parity gives does not have its name";
          }
        }
      }
    } catch (const base::Error& error) {
      if (!unreadable(error)) throw;
      problem = error.message();
    }
    if (!problem.empty())
      for (const auto i : open)
        if (answers[i].way == PackRepair::Way::none &&
            std::any_of(group.packs.begin(), group.packs.end(),
                        [&](const auto& pack) { return pack.id == answers[i].pack; }))
          answers[i].problem = problem;
    done = start + group.data_bytes();
  }
  return answers;
}

}  // namespace provrun::store
