#include "previous_entries.hpp"

#include "provrun/base/error.hpp"

namespace provrun::snapshot {

PreviousEntries::PreviousEntries(store::Repository& repository, const store::ChunkId& root)
    : cursor_(
          [&repository](const store::ChunkId& tree,
                        const std::string&) -> std::optional<std::string> {
            try {
              const auto bytes = repository.read_chunk(tree);
              return std::string(bytes.begin(), bytes.end());
            } catch (const base::Error& error) {
              if (error.code() != base::ErrorCode::corruption &&
                  error.code() != base::ErrorCode::not_found)
                throw;
              return std::nullopt;
            }
          },
          root) {
  advance(true);
}

void PreviousEntries::advance(bool into) {
  if (!into) cursor_.skip();
  while (true) {
    try {
      const auto event = cursor_.next();
      ended_ = event == TreeCursor::Event::end;
      if (event != TreeCursor::Event::leave) return;
    } catch (const base::Error& error) {
      if (error.code() != base::ErrorCode::corruption &&
          error.code() != base::ErrorCode::unsupported)
        throw;
    }
  }
}

const Entry* PreviousEntries::find(const std::string& path) {
  while (!ended_) {
    const auto& entry = cursor_.entry();
    if (entry.path == path) return &entry;
    if (!path_less(entry.path, path)) return nullptr;
    const auto& folder = entry.path;
    advance(path.size() > folder.size() && path[folder.size()] == '/' && path.starts_with(folder));
  }
  return nullptr;
}

}  // namespace provrun::snapshot
