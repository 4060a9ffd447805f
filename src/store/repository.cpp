#include "provrun/store/repository.hpp"

#include <algorithm>

#include "provrun/backend/local_backend.hpp"
#include "provrun/base/error.hpp"
#include "provrun/base/format.hpp"
#include "provrun/base/text.hpp"
#include "provrun/codec/zstd.hpp"
#include "provrun/os/clock.hpp"
#include "provrun/os/random.hpp"
#include "provrun/store/chunk_list.hpp"
#include "provrun/store/chunker.hpp"
#include "provrun/store/index.hpp"
#include "provrun/store/manual.hpp"
#include "provrun/store/write_session.hpp"

namespace provrun::store {

namespace {

constexpr std::uint64_t kConfigLimit = 1 << 20;
constexpr char kConfig[] = "config.json";

std::string cache_path(const OpenOptions& options, const base::Uuid& id) {
  if (options.cache_directory.empty()) return {};
  return os::join_path(os::join_path(options.cache_directory, id.to_string()), "index-table");
}

std::vector<std::uint8_t> read_copy(backend::Backend& backend, const ChunkId& id,
                                    const ChunkLocation& location) {
  thread_local codec::ZstdDecompressor decompressor;
  thread_local std::vector<std::uint8_t> frame;
  frame.resize(location.length);
  backend.read(location.pack.object_name(), location.offset, frame);
  auto plain = decompressor.decompress(frame, kMaximumObjectSize);
  if (hash::sha256(plain) != id.digest)
    throw base::Error(base::ErrorCode::corruption, "its bytes do not have its hash");
  return plain;
}

}  // namespace

Repository::Repository(std::shared_ptr<backend::Backend> backend, RepositoryConfig config,
                       OpenOptions options)
    : backend_(std::move(backend)),
      config_(config),
      index_(std::make_unique<Index>(backend_, cache_path(options, config.id))) {}

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
    if (name == "FORMAT" || name == "RESTORE.sh" || name == "tmp") continue;
    throw base::Error(base::ErrorCode::conflict, base::printable(backend->location()) +
                                                     " is not empty: " + base::printable(name) +
                                                     " is in it")
        .hint("choose an empty or a new folder");
  }
  RepositoryConfig config;
  config.id = os::new_uuid();
  config.created = os::now();
  config.chunker = options.chunker;
  config.compression_level = options.compression_level;
  // Of what is in the folder, not of what this program would write: another may have come first.
  const auto write = [&](const char* name, std::string_view text) {
    backend->create(name, text);
    return hash::sha256(backend->read_all(name, kConfigLimit));
  };
  config.format_file = write("FORMAT", format_text());
  config.restore_script = write("RESTORE.sh", restore_script());
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

std::unique_ptr<WriteSession> Repository::begin_session() {
  return std::make_unique<WriteSession>(*this);
}

bool Repository::has(const ChunkId& id) {
  return index_->contains(id);
}

bool Repository::has_all(const FileContent& content) {
  if (content.list && !has(*content.list)) return false;
  bool all = true;
  for_each_chunk(content, [&](const ChunkId& id, std::uint64_t) { all = all && has(id); });
  return all;
}

std::vector<std::uint8_t> Repository::read_chunk(const ChunkId& id) {
  // The second turn is for chunks that were written, merged or moved after the index was read, the
  // third for a local cache that does not say what the repository does.
  std::string problem;
  for (int turn = 0; turn < 3; ++turn) {
    if (turn == 1) index_->refresh();
    if (turn == 2) index_->reload();
    for (const auto& location : index_->find(id)) {
      try {
        return read_copy(*backend_, id, location);
      } catch (const base::Error& error) {
        if (error.code() != base::ErrorCode::corruption &&
            error.code() != base::ErrorCode::not_found)
          throw;
        problem = base::format("pack {}: {}", location.pack.digest.to_hex().substr(0, 12),
                               error.message());
      }
    }
  }
  const auto name = id.to_hex().substr(0, 12);
  if (!problem.empty())
    throw base::Error(base::ErrorCode::corruption,
                      base::format("chunk {} cannot be read: {}", name, problem))
        .hint("'provrun verify' names every damaged file of a snapshot");
  throw base::Error(base::ErrorCode::not_found,
                    base::format("chunk {} is not in the repository's index", name))
      .hint("run 'provrun repair --index'");
}

void Repository::for_each_chunk(
    const FileContent& content,
    const std::function<void(const ChunkId&, std::uint64_t length)>& visit) {
  for (const auto& chunk : content.chunks)
    visit(chunk, content.chunks.size() == 1 ? content.size : 0);
  if (!content.list) return;
  const auto read_list = [&](const ChunkId& id) {
    const auto bytes = read_chunk(id);
    return parse_list({reinterpret_cast<const char*>(bytes.data()), bytes.size()});
  };
  for (const auto& line : read_list(*content.list)) {
    if (content.list_levels == 1) {
      visit(line.id, line.size);
    } else {
      for (const auto& chunk : read_list(line.id)) visit(chunk.id, chunk.size);
    }
  }
}

void Repository::read_content(const FileContent& content, const ByteSink& sink) {
  std::uint64_t size = 0;
  for_each_chunk(content, [&](const ChunkId& id, std::uint64_t length) {
    const auto plain = read_chunk(id);
    if (length != 0 && plain.size() != length)
      throw base::Error(base::ErrorCode::corruption, "chunk " + id.to_hex().substr(0, 12) +
                                                         " has not the length its list gives");
    size += plain.size();
    sink(plain);
  });
  if (size != content.size)
    throw base::Error(base::ErrorCode::corruption,
                      base::format("content {} has {} bytes instead of {}",
                                   content.id.digest.to_hex().substr(0, 12), size, content.size));
}

std::string Repository::read_content(const FileContent& content, std::uint64_t limit) {
  if (content.size > limit)
    throw base::Error(base::ErrorCode::invalid_input,
                      base::format("the content is larger than {} bytes", limit));
  std::string bytes;
  bytes.reserve(content.size);
  read_content(content, [&](std::span<const std::uint8_t> piece) {
    bytes.append(reinterpret_cast<const char*>(piece.data()), piece.size());
  });
  return bytes;
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
    throw base::Error(
        base::ErrorCode::invalid_input,
        base::printable(path) + " is not a provrun repository: it is not a directory");
  return Repository::open(std::make_shared<backend::LocalBackend>(path), std::move(options));
}

bool is_repository_at(const std::string& path) {
  return os::stat_file(os::join_path(path, kConfig)).has_value();
}

}  // namespace provrun::store
