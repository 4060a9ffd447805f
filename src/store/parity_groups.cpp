#include "provrun/store/parity_groups.hpp"

#include <algorithm>
#include <unordered_set>

#include "parity_source.hpp"
#include "provrun/base/error.hpp"
#include "provrun/base/format.hpp"
#include "provrun/parity/coder.hpp"
#include "provrun/store/prune.hpp"
#include "tsv.hpp"

namespace provrun::store {

namespace {

constexpr char kFolder[] = "parity";
constexpr std::string_view kSettingPrefix = "setting-";
constexpr std::string_view kGroupSuffix = ".par2";
constexpr std::string_view kMaker = "provrun (PAR2 2.0)";
constexpr std::uint64_t kSettingLimit = 4096;
constexpr std::uint64_t kSumMemory = 128 << 20;
constexpr std::uint64_t kRecoveryHeader = 68;
constexpr std::size_t kAppendSize = 1 << 20;

std::string setting_text(int percent) {
  const auto text = base::format("percent {}\n", percent);
  return text + "sha256 " + hash::sha256(text).to_hex() + "\n";
}

std::uint64_t newest_setting(backend::Backend& backend) {
  std::uint64_t newest = 0;
  for (const auto& name : backend.list(kFolder)) {
    std::uint64_t number = 0;
    if (name.starts_with(kSettingPrefix) &&
        read_number(std::string_view(name).substr(kSettingPrefix.size()), number))
      newest = std::max(newest, number);
  }
  return newest;
}

std::string setting_name(std::uint64_t number) {
  return base::format("{}/{}{}", kFolder, kSettingPrefix, number);
}

std::optional<PackId> parse_pack_name(std::string_view name) {
  PackId id;
  constexpr std::size_t kStart = 9;  // "packs/ab/"
  if (name.size() != kStart + 68 || !read_hex(name.substr(kStart, 64), id.digest) ||
      id.object_name() != name)
    return std::nullopt;
  return id;
}

// Packs there are; sizes of those in no group only, and of the others as their groups have them.
std::vector<PackSize> live_packs(backend::Backend& backend,
                                 const std::vector<ParityGroup>& groups) {
  std::unordered_map<PackId, std::uint64_t> known;
  for (const auto& group : groups)
    for (const auto& pack : group.packs) known.emplace(pack.id, pack.size);
  std::vector<PackSize> live;
  for (const auto& id : list_packs(backend)) {
    if (const auto found = known.find(id); found != known.end()) {
      live.push_back({id, found->second});
    } else if (const auto size = backend.size_of(id.object_name())) {
      live.push_back({id, *size});
    }
  }
  return live;
}

void count(ParityReport& report, const std::vector<PackSize>& live,
           const std::vector<ParityGroup>& groups) {
  std::unordered_set<PackId> covered;
  report.groups = groups.size();
  report.parity_bytes = 0;
  for (const auto& group : groups) {
    report.parity_bytes += group.bytes;
    for (const auto& pack : group.packs) covered.insert(pack.id);
  }
  report.packs = live.size();
  report.covered = report.waiting_bytes = 0;
  for (const auto& pack : live) {
    if (covered.contains(pack.id)) {
      ++report.covered;
    } else {
      report.waiting_bytes += pack.size;
    }
  }
}

// Makes one group at a time, its packs compared with their names.
class GroupMaker {
 public:
  GroupMaker(backend::Backend& backend, int percent, ParityReport& report,
             const ParityProgress& progress, std::uint64_t total,
             const base::Cancellation* cancellation)
      : backend_(backend),
        percent_(percent),
        report_(report),
        progress_(progress),
        total_(total),
        cancellation_(cancellation) {}

  // The packs that are in the group made; none where none was.
  std::vector<PackSize> make(std::vector<PackSize> packs) {
    while (!packs.empty()) {
      const auto bad = try_make(packs);
      if (bad.empty()) {
        ++report_.made;
        return packs;
      }
      std::erase_if(packs, [&](const auto& pack) { return bad.contains(pack.id); });
    }
    return {};
  }

 private:
  PackSet try_make(const std::vector<PackSize>& packs) {
    PackSet bad;
    std::vector<std::unique_ptr<ObjectSource>> sources;
    std::vector<parity::Member> members;
    for (const auto& pack : packs) {
      try {
        sources.push_back(
            std::make_unique<ObjectSource>(backend_, pack.id.object_name(), cancellation_));
      } catch (const base::Error& error) {
        if (error.code() != base::ErrorCode::not_found) throw;  // a prune was quicker
        bad.insert(pack.id);
        continue;
      }
      members.push_back({pack.id.object_name(), sources.back().get()});
      if (sources.back()->size() != pack.size) {
        bad.insert(pack.id);
        report_.damaged.push_back(pack.id);
      }
    }
    if (!bad.empty()) return bad;
    const auto shape = shape_of(packs, percent_);
    parity::SetEncoder encoder(std::move(members), shape.slice_size, shape.recovery, kSumMemory);
    std::vector<hash::Sha256> hashes(packs.size());
    encoder.read([&](std::size_t pack, std::span<const std::uint8_t> bytes) {
      hashes[pack].update(bytes);
      report_.read_bytes += bytes.size();
      if (progress_) progress_(report_.read_bytes, total_);
    });
    for (std::size_t i = 0; i < packs.size(); ++i)
      if (hashes[i].finish() != packs[i].id.digest) {
        bad.insert(packs[i].id);
        report_.damaged.push_back(packs[i].id);
      }
    if (!bad.empty()) return bad;
    const auto upload = backend_.upload();
    hash::Sha256 name;
    std::vector<std::uint8_t> waiting;
    const auto flush = [&] {
      if (!waiting.empty()) upload->append(waiting);
      waiting.clear();
    };
    encoder.emit(kMaker, [&](std::span<const std::uint8_t> bytes) {
      if (cancellation_ != nullptr) cancellation_->check();
      name.update(bytes);
      waiting.insert(waiting.end(), bytes.begin(), bytes.end());
      if (waiting.size() >= kAppendSize) flush();
    });
    flush();
    ParityGroup group;
    group.name = name.finish();
    upload->publish(group.object_name());
    return {};
  }

  backend::Backend& backend_;
  int percent_;
  ParityReport& report_;
  const ParityProgress& progress_;
  std::uint64_t total_;
  const base::Cancellation* cancellation_;
};

}  // namespace

std::string ParityGroup::object_name() const {
  return base::format("{}/{}{}", kFolder, name.to_hex(), kGroupSuffix);
}

std::uint64_t ParityGroup::data_bytes() const {
  std::uint64_t sum = 0;
  for (const auto& pack : packs) sum += pack.size;
  return sum;
}

bool is_parity_percent(int percent) {
  return std::find(kParityPercents.begin(), kParityPercents.end(), percent) !=
         kParityPercents.end();
}

int parse_parity_setting(std::string_view text) {
  for (const auto percent : kParityPercents)
    if (text == setting_text(percent)) return percent;
  throw base::Error(base::ErrorCode::corruption, "it is no setting of parity as it was written");
}

std::string parity_setting_name(backend::Backend& backend) {
  const auto newest = newest_setting(backend);
  return newest == 0 ? std::string() : setting_name(newest);
}

int parity_percent(backend::Backend& backend) {
  const auto name = parity_setting_name(backend);
  if (name.empty()) return 0;
  try {
    return parse_parity_setting(backend.read_all(name, kSettingLimit));
  } catch (base::Error& error) {
    error.add_context(name);
    throw;
  }
}

void set_parity_percent(backend::Backend& backend, int percent) {
  if (!is_parity_percent(percent))
    throw base::Error(base::ErrorCode::invalid_input,
                      base::format("parity is 0, 3, 6, 12 or 25 percent, not {}", percent));
  // The next number; whoever comes second takes the one after.
  for (auto number = newest_setting(backend) + 1;; ++number)
    if (backend.create(setting_name(number), setting_text(percent))) break;
  backend.barrier();
}

ParityGroups list_parity_groups(backend::Backend& backend) {
  ParityGroups found;
  for (const auto& file : backend.list(kFolder)) {
    ParityGroup group;
    if (file.size() != 64 + kGroupSuffix.size() || !file.ends_with(kGroupSuffix) ||
        !read_hex(std::string_view(file).substr(0, 64), group.name))
      continue;
    try {
      ObjectSource source(backend, group.object_name());
      const auto set = parity::read_description(source);
      group.bytes = source.size();
      bool good = set.has_value();
      if (good) {
        group.slice_size = set->slice_size;
        group.slices = set->slices();
        // The description stands at both ends.
        const auto around = 2 * parity::encode_description(*set, kMaker).size();
        const auto inside = group.bytes - std::min<std::uint64_t>(group.bytes, around);
        group.recovery = static_cast<std::uint32_t>(std::min<std::uint64_t>(
            parity::kMaximumSlices, inside / (set->slice_size + kRecoveryHeader)));
        for (const auto& member : set->files) {
          const auto id = parse_pack_name(member.name);
          good = good && id.has_value();
          if (id) group.packs.push_back({*id, member.size});
        }
      }
      if (good) {
        found.groups.push_back(std::move(group));
      } else {
        found.unreadable.push_back(group.object_name());
      }
    } catch (const base::Error& error) {
      if (error.code() == base::ErrorCode::not_found) continue;  // replaced meanwhile
      if (error.code() != base::ErrorCode::corruption) throw;
      found.unreadable.push_back(group.object_name());
    }
  }
  return found;
}

ParityReport parity_state(backend::Backend& backend) {
  ParityReport report;
  report.percent = parity_percent(backend);
  const auto groups = list_parity_groups(backend).groups;
  count(report, live_packs(backend, groups), groups);
  return report;
}

ParityReport update_parity(backend::Backend& backend, std::uint64_t limit,
                           const ParityProgress& progress, const base::Cancellation* cancellation) {
  ParityReport report;
  report.percent = parity_percent(backend);
  auto groups = list_parity_groups(backend).groups;
  if (report.percent == 0 && groups.empty()) return report;
  const auto live = live_packs(backend, groups);
  const auto removed = removed_packs(backend);
  auto plan = plan_parity(live, groups, removed, report.percent, limit);
  std::uint64_t total = 0;
  const auto bytes_of = [](const auto& packs) {
    std::uint64_t sum = 0;
    for (const auto& pack : packs) sum += pack.size;
    return sum;
  };
  std::erase_if(plan.make, [&](const auto& packs) {
    const auto bytes = bytes_of(packs);
    if (bytes > limit - total) return true;
    total += bytes;
    return false;
  });
  GroupMaker maker(backend, report.percent, report, progress, total, cancellation);
  std::unordered_set<PackId> covered;
  for (auto& packs : plan.make)
    for (const auto& pack : maker.make(std::move(packs))) covered.insert(pack.id);
  if (report.made > 0) backend.barrier();
  // What is replaced goes when all that is left of it is in others, which are durable.
  const auto replaced = [&](const ParityGroup& group) {
    return std::find(plan.replace.begin(), plan.replace.end(), group.name) != plan.replace.end();
  };
  for (const auto& group : groups)
    if (!replaced(group))
      for (const auto& pack : group.packs) covered.insert(pack.id);
  std::unordered_set<PackId> present;
  for (const auto& pack : live) present.insert(pack.id);
  for (const auto& group : groups) {
    if (!replaced(group)) continue;
    const bool needed = report.percent > 0 &&
                        std::any_of(group.packs.begin(), group.packs.end(), [&](const auto& pack) {
                          return present.contains(pack.id) && !covered.contains(pack.id);
                        });
    if (!needed && backend.remove(group.object_name())) ++report.removed;
  }
  if (report.removed > 0) backend.barrier();
  if (report.made > 0 || report.removed > 0) groups = list_parity_groups(backend).groups;
  count(report, live, groups);
  return report;
}

std::uint64_t drop_damaged_parity(backend::Backend& backend,
                                  const base::Cancellation* cancellation) {
  std::uint64_t dropped = 0;
  std::vector<std::uint8_t> buffer;
  for (const auto& file : backend.list(kFolder)) {
    hash::Digest name;
    if (!file.ends_with(kGroupSuffix) || !read_hex(std::string_view(file).substr(0, 64), name))
      continue;
    const auto object = base::format("{}/{}", kFolder, file);
    const auto size = backend.size_of(object);
    if (!size) continue;
    hash::Sha256 hash;
    for (std::uint64_t at = 0; at < *size; at += buffer.size()) {
      if (cancellation != nullptr) cancellation->check();
      buffer.resize(static_cast<std::size_t>(std::min<std::uint64_t>(kAppendSize, *size - at)));
      backend.read(object, at, buffer);
      hash.update(buffer);
    }
    if (hash.finish() != name && backend.remove(object)) ++dropped;
  }
  if (dropped > 0) backend.barrier();
  return dropped;
}

std::uint64_t drop_stale_parity(backend::Backend& backend) {
  const auto removed = removed_packs(backend);
  std::uint64_t dropped = 0;
  for (const auto& group : list_parity_groups(backend).groups)
    if (std::any_of(group.packs.begin(), group.packs.end(),
                    [&](const auto& pack) { return removed.contains(pack.id); }) &&
        backend.remove(group.object_name()))
      ++dropped;
  if (dropped > 0) backend.barrier();
  return dropped;
}

}  // namespace provrun::store
