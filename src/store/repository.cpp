#include "provrun/store/repository.hpp"

#include "chunk_cache.hpp"
#include "provrun/backend/local_backend.hpp"
#include "provrun/base/error.hpp"
#include "provrun/base/format.hpp"
#include "provrun/base/text.hpp"
#include "provrun/os/clock.hpp"
#include "provrun/os/random.hpp"
#include "provrun/store/chunker.hpp"
#include "provrun/store/damage_notes.hpp"
#include "provrun/store/index.hpp"
#include "provrun/store/manual.hpp"
#include "provrun/store/parity_groups.hpp"
#include "provrun/store/write_session.hpp"

namespace provrun::store {

namespace {

constexpr std::uint64_t kConfigLimit = 1 << 20;
constexpr char kConfig[] = "config.json";
constexpr std::size_t kCachedBytes = 16 << 20;  // of chunks read last

std::string cache_path(const OpenOptions& options, const base::Uuid& id) {
  if (options.cache_directory.empty()) return {};
  return os::join_path(os::join_path(options.cache_directory, id.to_string()), "index-table");
}

}  // namespace

Repository::Repository(std::shared_ptr<backend::Backend> backend, RepositoryConfig config,
                       OpenOptions options)
    : backend_(std::move(backend)),
      config_(config),
      index_(std::make_unique<Index>(backend_, cache_path(options, config.id))),
      cache_(std::make_unique<ChunkCache>(kCachedBytes)) {}

Repository::~Repository() = default;

std::unique_ptr<Repository> Repository::create(std::shared_ptr<backend::Backend> backend,
                                               const CreateOptions& options,
                                               OpenOptions open_options) {
  if (options.compression_level < 1 || options.compression_level > 19)
    throw base::Error(
        base::ErrorCode::invalid_input,
        base::format("compression level {} is not between 1 and 19", options.compression_level));
  static_cast<void>(Chunker(options.chunker));
  for (const auto& name : backend->list("")) {
    if (name == kConfig)
      throw base::Error(base::ErrorCode::conflict,
                        base::printable(backend->location()) + " is a repository already");
    // What a creation that did not come to its end, or is under way, leaves.
    if (name == "FORMAT" || name == "RESTORE.sh" || name == "tmp" || name == "parity") continue;
    throw base::Error(base::ErrorCode::invalid_input,
                      base::printable(backend->location()) +
                          " is not empty: " + base::printable(name) + " is in it")
        .hint("choose an empty or a new folder");
  }
  RepositoryConfig config;
  config.id = os::new_uuid();
  config.created = os::now();
  config.features = options.features;
  config.chunker = options.chunker;
  config.compression_level = options.compression_level;
  // Of what is in the folder, not of what this program would write: another may have come first.
  const auto write = [&](const char* name, std::string_view text) {
    backend->create(name, text);
    return hash::sha256(backend->read_all(name, kConfigLimit));
  };
  config.format_file = write("FORMAT", format_text());
  config.restore_script = write("RESTORE.sh", restore_script());
  if (options.parity_percent != 0) set_parity_percent(*backend, options.parity_percent);
  backend->barrier();
  const bool created = backend->create(kConfig, config.to_json());
  backend->barrier();
  if (!created)
    throw base::Error(base::ErrorCode::conflict,
                      base::printable(backend->location()) + " is a repository already");
  return open(std::move(backend), std::move(open_options));
}

std::unique_ptr<Repository> Repository::open(std::shared_ptr<backend::Backend> backend,
                                             OpenOptions options) {
  if (!backend->size_of(kConfig))
    throw base::Error(base::ErrorCode::invalid_input,
                      base::printable(backend->location()) + " is not a provrun repository")
        .hint(
            "it has no config.json; 'provrun --repo PATH init' makes a repository in an empty "
            "folder");
  auto config = parse_config(backend->read_all(kConfig, kConfigLimit));
  return std::unique_ptr<Repository>(
      new Repository(std::move(backend), config, std::move(options)));
}

std::unique_ptr<WriteSession> Repository::begin_session(const SessionOptions& options) {
  return std::make_unique<WriteSession>(*this, options);
}

bool Repository::has(const ChunkId& id) {
  return index_->contains(id);
}

bool Repository::has_all(const FileContent& content) {
  if (content.bundle) return has(content.bundle->chunk);
  if (content.list && !has(*content.list)) return false;
  bool all = true;
  for_each_chunk(content, [&](const ChunkId& id, std::uint64_t) { all = all && has(id); });
  return all;
}

std::unique_ptr<Repository> create_repository_at(const std::string& path,
                                                 const CreateOptions& options,
                                                 OpenOptions open_options) {
  const auto stat = os::stat_file(path);
  if (stat && stat->type != os::FileType::directory)
    throw base::Error(base::ErrorCode::conflict, base::printable(path) + " is not a directory");
  os::make_directories(path);
  return Repository::create(std::make_shared<backend::LocalBackend>(path), options,
                            std::move(open_options));
}

std::unique_ptr<Repository> open_repository_at(const std::string& path, OpenOptions options) {
  const auto stat = os::stat_file(path);
  if (!stat)
    throw base::Error(base::ErrorCode::not_found,
                      "there is no repository at " + base::printable(path))
        .hint("'provrun --repo " + base::shell_quote(path) + " init' makes one");
  if (stat->type != os::FileType::directory)
    throw base::Error(base::ErrorCode::invalid_input,
                      base::printable(path) + " is not a provrun repository: it is not a directory")
        .hint("a repository is a folder; 'provrun --repo PATH init' makes one");
  return Repository::open(std::make_shared<backend::LocalBackend>(path), std::move(options));
}

void keep_damage_notes(Repository& repository, const std::string& cache_directory) {
  repository.index().keep_damage_notes(cache_path({cache_directory}, repository.id()));
}

bool is_repository_at(const std::string& path) {
  return os::stat_file(os::join_path(path, kConfig)).has_value();
}

}  // namespace provrun::store
