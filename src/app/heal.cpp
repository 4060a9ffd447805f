#include "heal.hpp"

#include <algorithm>
#include <unordered_set>

#include "heal_chunks.hpp"
#include "provrun/base/error.hpp"
#include "provrun/base/format.hpp"
#include "provrun/store/manual.hpp"
#include "provrun/store/pack_check.hpp"
#include "provrun/store/parity_groups.hpp"
#include "provrun/store/parity_repair.hpp"
#include "provrun/store/prune.hpp"
#include "provrun/store/repair.hpp"

namespace provrun::app {

namespace {

class Healer {
 public:
  Healer(store::Repository& repository, const std::vector<CheckDamage>& damage,
         const store::PackSet& packs, const CheckRequest& request,
         const std::function<void(const CheckProgress&)>& progress)
      : repository_(repository),
        damage_(damage),
        packs_(packs.begin(), packs.end()),
        request_(request),
        progress_(progress) {
    std::sort(packs_.begin(), packs_.end());
  }

  Healing run() {
    for (const auto& one : damage_) small_object(one.object);
    whole_packs();
    if (index_is_damaged()) store::rebuild_index(repository_);
    chunks();
    repository_.index().reload();
    doubtful_packs();
    parity();
    return std::move(healing_);
  }

 private:
  base::Cancellation* cancellation() {
    if (request_.interrupted && request_.interrupted()) cancellation_.request();
    return &cancellation_;
  }
  void tell(const char* phase, std::uint64_t done, std::uint64_t total) {
    cancellation();
    if (progress_) progress_({phase, done, total, true});
  }

  void small_object(const std::string& name) {
    std::optional<std::string> bytes;
    if (name == "FORMAT" && hash::sha256(store::format_text()) == repository_.config().format_file)
      bytes = store::format_text();
    if (name == "RESTORE.sh" &&
        hash::sha256(store::restore_script()) == repository_.config().restore_script)
      bytes = store::restore_script();
    if (name.starts_with("snapshots/")) bytes = store::find_manifest(repository_, name);
    if (!bytes) return;
    store::replace_object(repository_.backend(), name, *bytes);
    healing_.how[name] = "another copy";
  }

  void whole_packs() {
    // What a prune has removed is missing rightly.
    const auto removed = store::removed_packs(repository_.backend());
    std::erase_if(packs_, [&](const auto& pack) {
      return removed.contains(pack) && !repository_.backend().size_of(pack.object_name());
    });
    const auto answers = store::repair_packs(
        repository_.backend(), packs_,
        [&](std::uint64_t done, std::uint64_t total) { tell("repairing packs", done, total); },
        cancellation());
    for (const auto& answer : answers) {
      const auto name = answer.pack.object_name();
      if (answer.way == store::PackRepair::Way::none) {
        healing_.problems[name] = answer.problem;
        failed_.push_back(answer.pack);
        continue;
      }
      if (answer.way == store::PackRepair::Way::read_again) doubtful_.push_back(answer.pack);
      repository_.index().forget_damage(answer.pack);
      healing_.how[name] = store::name_of(answer.way);
    }
  }

  // Bytes that have the pack's name are whole, and what its patches are against may be lost.
  void doubtful_packs() {
    for (const auto& pack : doubtful_) {
      if (store::verify_pack(repository_, pack, nullptr).problems.empty()) continue;
      healing_.how.erase(pack.object_name());
      healing_.problems[pack.object_name()] = "it is as it was written; what it is against is lost";
      healing_.unrepaired.push_back(pack);
    }
  }

  bool index_is_damaged() const {
    return std::any_of(damage_.begin(), damage_.end(), [](const auto& one) {
      return !one.object.starts_with("packs/") && !one.object.starts_with("parity/") &&
             !one.object.starts_with("epochs/") && !one.object.starts_with("snapshots/") &&
             one.object != "FORMAT" && one.object != "RESTORE.sh";
    });
  }

  void chunks() {
    const bool needed = std::any_of(damage_.begin(), damage_.end(), [](const auto& one) {
      return one.object.starts_with("chunk ") || one.object.starts_with("tree ") ||
             one.object.starts_with("list ") || one.object.starts_with("content ");
    });
    if (failed_.empty() && !needed) return;
    const auto report = heal_chunks(repository_, failed_, request_.run_steps, *cancellation(),
                                    [&](std::uint64_t done, std::uint64_t total) {
                                      tell("looking for other copies", done, total);
                                    });
    for (const auto& [pack, how] : report.retired) {
      healing_.how[pack.object_name()] = how;
      healing_.problems.erase(pack.object_name());
    }
    if (!report.from_files.empty())
      for (const auto& one : damage_)
        if (!one.object.starts_with("packs/") && !healing_.how.contains(one.object))
          healing_.how[one.object] = report.from_files;
  }

  void parity() {
    auto& backend = repository_.backend();
    // A damaged parity file may be what a damaged pack needs the next time.
    if (healing_.unrepaired.empty()) store::drop_damaged_parity(backend, cancellation());
    try {
      const auto report = store::update_parity(
          backend, UINT64_MAX,
          [&](std::uint64_t done, std::uint64_t total) { tell("making parity", done, total); },
          cancellation());
      healing_.parity_groups_made = report.made;
    } catch (const base::Error& error) {
      if (error.code() != base::ErrorCode::no_space && error.code() != base::ErrorCode::corruption)
        throw;  // what was repaired is repaired
    }
    for (const auto& one : damage_)
      if (one.object.starts_with("parity/") && one.object.ends_with(".par2"))
        healing_.how[one.object] = "made anew";
  }

  store::Repository& repository_;
  const std::vector<CheckDamage>& damage_;
  std::vector<store::PackId> packs_;
  const CheckRequest& request_;
  const std::function<void(const CheckProgress&)>& progress_;
  base::Cancellation cancellation_;
  std::vector<store::PackId> failed_;    ///< that could not be brought back as a whole
  std::vector<store::PackId> doubtful_;  ///< that are whole
  Healing healing_;
};

}  // namespace

Healing heal(store::Repository& repository, const std::vector<CheckDamage>& damage,
             const store::PackSet& packs, const CheckRequest& request,
             const std::function<void(const CheckProgress&)>& progress) {
  return Healer(repository, damage, packs, request, progress).run();
}

}  // namespace provrun::app
