#include "provrun/store/repository.hpp"

#include "provrun/base/error.hpp"
#include "provrun/codec/json.hpp"
#include "provrun/hash/sha256.hpp"
#include "provrun/os/file.hpp"
#include "support/catch.hpp"
#include "support/temporary_folder.hpp"

using namespace provrun;

namespace {

std::string opening_fails(const std::string& path) {
  try {
    store::open_repository_at(path, {});
  } catch (const base::Error& error) {
    return std::string(base::name_of(error.code())) + ": " + error.message() + " / " + error.hint();
  }
  return "opened";
}

std::string creating_fails(const std::string& path, const store::CreateOptions& options = {}) {
  try {
    store::create_repository_at(path, options, {});
  } catch (const base::Error& error) {
    return std::string(base::name_of(error.code())) + ": " + error.message();
  }
  return "created";
}

// The config with one member changed and the checksum made to fit.
std::string changed_config(std::string_view member, codec::Json value) {
  store::RepositoryConfig config;
  auto json = codec::parse_json(config.to_json());
  json.set(member, std::move(value));
  auto unsigned_json = json;
  std::erase_if(unsigned_json.as_object(), [](const auto& m) { return m.first == "checksum"; });
  json.set("checksum", hash::sha256(unsigned_json.canonical()).to_hex());
  return json.dump_pretty() + "\n";
}

}  // namespace

TEST_CASE("a repository is created once and opened by its folder") {
  const test::TemporaryFolder folder;
  const auto path = folder / "a/b";
  const auto id = store::create_repository_at(path, {}, {})->id();
  CHECK(store::open_repository_at(path, {})->id() == id);
  CHECK(store::is_repository_at(path));
  CHECK_FALSE(store::is_repository_at(folder.path));
  CHECK(creating_fails(path) == "conflict: " + path + " is a repository already");
  store::CreateOptions options;
  options.compression_level = 20;
  CHECK(creating_fails(folder / "c", options) ==
        "invalid_input: compression level 20 is not between 1 and 19");
  os::make_directories(folder / "d");
  os::write_file_atomically(folder / "d/notes", "x", os::Durability::cached);
  CHECK(creating_fails(folder / "d") ==
        "invalid_input: " + (folder / "d") + " is not empty: notes is in it");
}

TEST_CASE("what is no repository is told apart from what is not there") {
  const test::TemporaryFolder folder;
  const auto none = folder / "none";
  CHECK(opening_fails(none) == "not_found: there is no repository at " + none +
                                   " / 'provrun --repo " + none + " init' makes one");
  CHECK(
      opening_fails(folder.path) ==
      "invalid_input: " + folder.path +
          " is not a provrun repository / it has no config.json; 'provrun --repo PATH init' makes "
          "a repository in an empty folder");
  os::write_file_atomically(none, "a file", os::Durability::cached);
  CHECK(opening_fails(none) == "invalid_input: " + none +
                                   " is not a provrun repository: it is not a directory / a "
                                   "repository is a folder; 'provrun --repo PATH init' makes one");
  os::write_file_atomically(folder / "config.json", "{}", os::Durability::cached);
  CHECK(opening_fails(folder.path) ==
        "corruption: config.json of the repository: missing member 'provrun_repository' / it was "
        "written once, by init: bring it back from a copy of the repository");
}

TEST_CASE("what a newer program wrote is refused, not misread") {
  CHECK_NOTHROW(store::parse_config(changed_config("id", "0192f1c2-7d3e-7a10-8b1c-2f3e4d5c6b7a")));
  const auto code = [](const std::string& config) {
    try {
      store::parse_config(config);
    } catch (const base::Error& error) {
      return error.code();
    }
    return base::ErrorCode::internal;
  };
  CHECK(code(changed_config("provrun_repository", 2)) == base::ErrorCode::unsupported);
  CHECK(code(changed_config("features", codec::Json::array().push_back("unheard-of"))) ==
        base::ErrorCode::unsupported);
  CHECK(code(changed_config("encryption", "aes256-ctr-hmac-sha256")) ==
        base::ErrorCode::unsupported);
  CHECK(code(changed_config("provrun_repository", 0)) == base::ErrorCode::corruption);
  CHECK(code(changed_config("id", "none")) == base::ErrorCode::corruption);
  CHECK(code("{") == base::ErrorCode::corruption);
}
