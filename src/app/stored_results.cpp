#include "provrun/app/stored_results.hpp"

#include <algorithm>
#include <cstring>

#include "observed_memory.hpp"
#include "output_links.hpp"
#include "provrun/base/error.hpp"
#include "provrun/base/text.hpp"
#include "provrun/os/clock.hpp"
#include "provrun/os/file.hpp"
#include "provrun/snapshot/restorer.hpp"
#include "provrun/snapshot/tree_reader.hpp"

namespace provrun::app {

namespace {
constexpr int kBundleLevel = 128;  // in the place of list levels
}

// size (8 bytes, little endian), list levels (1), then the list's id or the chunk ids, 32 bytes
// each; of a file in a bundle the chunk's id and the offset, 32 bytes too.
std::vector<std::uint8_t> encode_location(const store::FileContent& content) {
  std::vector<std::uint8_t> bytes;
  for (int i = 0; i < 8; ++i) bytes.push_back(static_cast<std::uint8_t>(content.size >> (8 * i)));
  bytes.push_back(static_cast<std::uint8_t>(content.bundle ? kBundleLevel : content.list_levels));
  const auto add = [&](const store::ChunkId& id) {
    bytes.insert(bytes.end(), id.digest.bytes.begin(), id.digest.bytes.end());
  };
  if (content.list) add(*content.list);
  for (const auto& chunk : content.chunks) add(chunk);
  if (content.bundle) {
    add(content.bundle->chunk);
    for (int i = 0; i < 32; ++i)
      bytes.push_back(i < 8 ? static_cast<std::uint8_t>(content.bundle->offset >> (8 * i))
                            : std::uint8_t{0});
  }
  return bytes;
}

std::optional<store::FileContent> decode_location(const core::ContentId& id,
                                                  std::span<const std::uint8_t> bytes) {
  if (bytes.size() < 9 || (bytes.size() - 9) % 32 != 0) return std::nullopt;
  store::FileContent content;
  content.id = id;
  for (std::size_t i = 0; i < 8; ++i)
    content.size |= static_cast<std::uint64_t>(bytes[i]) << (8 * i);
  content.list_levels = bytes[8];
  std::vector<store::ChunkId> ids((bytes.size() - 9) / 32);
  for (std::size_t i = 0; i < ids.size(); ++i)
    std::copy_n(bytes.begin() + 9 + static_cast<std::ptrdiff_t>(i * 32), 32,
                ids[i].digest.bytes.begin());
  if (content.list_levels == kBundleLevel) {
    if (ids.size() != 2) return std::nullopt;
    content.list_levels = 0;
    content.bundle = store::BundlePlace{ids[0], 0};
    for (std::size_t i = 0; i < 8; ++i)
      content.bundle->offset |= static_cast<std::uint64_t>(ids[1].digest.bytes[i]) << (8 * i);
  } else if (content.list_levels > 0) {
    if (ids.size() != 1) return std::nullopt;
    content.list = ids[0];
  } else {
    content.chunks = std::move(ids);
  }
  return content;
}

std::optional<store::FileContent> single_chunk(const core::ContentId& id, std::uint64_t size,
                                               const store::RepositoryConfig& config) {
  if (size >= config.chunker.minimum) return std::nullopt;
  store::FileContent content;
  content.id = id;
  content.size = size;
  if (size > 0) content.chunks.push_back({id.digest});
  return content;
}

const snapshot::Manifest& StoredResults::manifest_of(const std::string& snapshot) {
  auto manifest = manifests_.find(snapshot);
  if (manifest == manifests_.end()) {
    auto& repository = archive_.repository();
    const auto name = snapshot::resolve_snapshot(repository, snapshot);
    manifest = manifests_.emplace(snapshot, snapshot::load_manifest(repository, name)).first;
  }
  return manifest->second;
}

std::optional<store::FileContent> StoredResults::locate(const core::Artifact& artifact,
                                                        const std::string& snapshot) {
  auto& repository = archive_.repository();
  auto content = single_chunk(artifact.content, artifact.size, repository.config());
  if (!content)
    if (const auto bytes = archive_.catalog().content_location(artifact.content))
      content = decode_location(artifact.content, *bytes);
  if (!content) {
    const auto entry = snapshot::find_entry(repository, manifest_of(snapshot).root, artifact.path);
    if (entry && entry->content.id == artifact.content) content = entry->content;
  }
  if (!content || !repository.has_all(*content)) return std::nullopt;
  return content;
}

// The link that the snapshot keeps at the output's path, when it may be made again.
bool StoredResults::locate_link(core::Artifact& output, const std::string& snapshot) {
  const auto entry =
      snapshot::find_entry(archive_.repository(), manifest_of(snapshot).root, output.path);
  if (!entry || entry->type != snapshot::EntryType::symlink) return false;
  const auto target = inner_target(output.path, entry->target);
  const bool bare = is_bare_link(output, entry->target);
  if (!target) return false;
  recognised_.restore(output.content, *target);
  links_[output.path] = {entry->target, bare ? std::string() : *target, output.content};
  return true;
}

// Through the link must be read what was recorded: either the same result brings that, or it is
// there.
bool StoredResults::leads_to_its_content(const Link& link) const {
  if (const auto file = found_.find(link.leads_to); file != found_.end())
    return file->second.id == link.content;
  if (const auto other = links_.find(link.leads_to); other != links_.end())
    return other->second.content == link.content;
  const auto full = os::join_path(root_, link.leads_to);
  const auto stat = os::stat_file(full);
  return stat && stat->type == os::FileType::regular &&
         hash::sha256(os::read_file(full)) == link.content.digest;
}

// Records of a run, kept while steps of it are asked for one after the other.
struct StoredResults::Observations {
  explicit Observations(catalog::State* state) : sets(state) {}

  const core::Execution* execution(Archive& archive, const catalog::ExecutionSummary& wanted) {
    if (snapshot != wanted.snapshot) {
      const auto name = snapshot::resolve_snapshot(archive.repository(), wanted.snapshot);
      manifest = snapshot::load_manifest(archive.repository(), name);
      text = archive.read_small(manifest, kExecutionsFile).value_or("");
      snapshot = wanted.snapshot;
      by_id.clear();
    }
    const auto [at, fresh] = by_id.try_emplace(wanted.id);
    if (fresh) at->second = parse(archive, wanted.id);
    return at->second ? &*at->second : nullptr;
  }

  // Of ten thousand lines the one that is asked for.
  std::optional<core::Execution> parse(Archive& archive, const core::ExecutionId& id) {
    const auto word = id.to_string();
    for (auto found = text.find(word); found != std::string::npos;) {
      const auto before = text.rfind('\n', found);
      const auto begin = before == std::string::npos ? 0 : before + 1;
      const auto end = std::min(text.find('\n', found), text.size());
      auto execution = core::execution_from_stored_json(
          codec::parse_json(std::string_view(text).substr(begin, end - begin)),
          [&](const core::ContentId& set) { return sets.find(set, archive, manifest); });
      if (execution.id == id) return execution;
      found = text.find(word, end);
    }
    return std::nullopt;
  }

  AccessSets sets;
  std::string snapshot;
  snapshot::Manifest manifest;
  std::string text;  // of all executions
  std::map<core::ExecutionId, std::optional<core::Execution>> by_id;
};

StoredResults::StoredResults(Archive& archive, std::string root, std::string hash_key,
                             ContentNow content_now)
    : archive_(archive),
      root_(std::move(root)),
      content_now_(content_now),
      recognised_(KeyedIds(std::move(hash_key)), std::move(content_now)),
      observations_(std::make_unique<Observations>(archive.state())) {}
StoredResults::~StoredResults() = default;

bool StoredResults::find_outputs(const catalog::KnownResult& known, core::StoredResult& result) {
  found_.clear();
  links_.clear();
  result.outputs = known.outputs;
  for (auto& output : result.outputs) {
    // Records of a shared repository are foreign: none may lead out of the workspace.
    const bool folder = core::is_empty_directory(output);
    const auto name = folder ? output.path.substr(0, output.path.size() - 1) : output.path;
    if (name.starts_with('/') || os::normalize_path(name) != name || name.starts_with("../"))
      return false;
    if (folder) continue;
    if (core::is_link(output) && locate_link(output, known.execution.snapshot)) {
      if (output.content.keyed) return false;
      continue;
    }
    if (output.content.keyed) {  // withheld
      recognised_.restore(output.content, output.path);
      if (output.content.keyed) return false;
      result.restorable = false;
      continue;
    }
    auto content = locate(output, known.execution.snapshot);
    if (!content) return false;
    found_[output.path] = std::move(*content);
  }
  return std::all_of(links_.begin(), links_.end(), [&](const auto& link) {
    return link.second.leads_to.empty() || leads_to_its_content(link.second);
  });
}

void StoredResults::add_observed(const catalog::KnownResult& known, core::StoredResult& result) {
  const auto* execution = observations_->execution(archive_, known.execution);
  if (execution == nullptr || execution->observed.mechanism.empty()) return;
  result.observed = execution->observed;
  result.grade = execution->grade;
  result.grade_reason = execution->grade_reason;
  for (const auto& id : result.observed.access_sets) {
    auto set = observations_->sets.find(id, archive_, observations_->manifest);
    if (!set)
      throw base::Error(base::ErrorCode::not_found,
                        "the accesses of " + execution->step + " are not in the repository");
    result.observed.bodies.push_back(recognised_.restore(std::move(set)));
  }
  for (std::size_t i = 0; i < result.observed.bodies.size(); ++i)
    result.observed.access_sets[i] = result.observed.bodies[i]->id;
  for (auto& access : result.observed.accesses)
    if (access.content) recognised_.restore(*access.content, access.path);
  for (auto input : execution->inputs)
    if (core::evidence_of_input(*execution, input.path) == core::Evidence::observed) {
      recognised_.restore(input.content, input.path);
      result.inputs.push_back(std::move(input));
    }
}

// Of as many results as there are, those that rest on other contents than are here need not be
// read. What a step has made, or updated, itself says nothing.
bool StoredResults::may_fit(const catalog::KnownResult& known) {
  const auto used = archive_.catalog().inputs_of_execution(known.execution.id);
  return std::all_of(used.begin(), used.end(), [&](const core::Artifact& input) {
    const bool own = std::any_of(known.outputs.begin(), known.outputs.end(),
                                 [&](const auto& output) { return output.path == input.path; });
    if (own) return true;
    const auto now = content_now_(input.path);
    return !now || recognised_.keyed().same(input.content, *now);
  });
}

std::optional<core::StoredResult> StoredResults::find(
    const hash::Digest& step_key, const std::function<bool(const core::StoredResult&)>& fits) {
  // Executions of one key differ in what they were observed to use.
  constexpr std::size_t kCandidates = 1000;
  auto candidates = archive_.catalog().results_of_step_key(step_key, kCandidates);
  if (const auto& keyed = recognised_.keyed(); keyed.has_key())
    for (auto& known :
         archive_.catalog().results_of_step_key(keyed.of_step_key(step_key), kCandidates))
      candidates.push_back(std::move(known));
  for (auto& known : candidates) {
    core::StoredResult result;
    result.execution = known.execution.reused_from.value_or(known.execution.id);
    try {
      if ((candidates.size() > 1 && !may_fit(known)) || !find_outputs(known, result)) continue;
      add_observed(known, result);
    } catch (const base::Error& error) {
      // A snapshot that has gone is no result; a damaged or unreachable repository is said.
      if (error.code() == base::ErrorCode::not_found) continue;
      throw;
    }
    if (fits(result)) return result;
  }
  return std::nullopt;
}

std::optional<std::string> StoredResults::link_target(const std::string& path) const {
  const auto link = links_.find(path);
  return link != links_.end() ? std::optional(link->second.target) : std::nullopt;
}

void StoredResults::restore(const core::Artifact& output) {
  const auto path = os::join_path(root_, output.path);
  if (core::is_empty_directory(output)) {
    os::make_directories(path);
    return;
  }
  snapshot::Entry entry;
  entry.path = output.path;
  entry.mtime_ns = os::now().nanoseconds;
  if (const auto link = links_.find(output.path); link != links_.end()) {
    entry.type = snapshot::EntryType::symlink;
    entry.target = link->second.target;
    os::make_directories(os::parent_path(path));
    snapshot::restore_file(archive_.repository(), entry, path, snapshot::Overwrite::yes,
                           os::Durability::cached);
    return;
  }
  const auto found = found_.find(output.path);
  if (found == found_.end() || found->second.id != output.content)
    throw base::Error(base::ErrorCode::not_found,
                      "no stored copy of " + base::printable(output.path));
  os::make_directories(os::parent_path(path));
  entry.mode = output.mode & core::kPermissionBits;
  entry.content = found->second;
  snapshot::restore_file(archive_.repository(), entry, path, snapshot::Overwrite::yes,
                         os::Durability::cached);
}

}  // namespace provrun::app
