#include <algorithm>

#include "provrun/base/error.hpp"
#include "provrun/snapshot/tree_reader.hpp"
#include "provrun/snapshot/verifier.hpp"
#include "provrun/store/index.hpp"
#include "provrun/store/repair.hpp"
#include "support/catch.hpp"
#include "support/repository_fixture.hpp"

using namespace provrun;
using test::Files;

namespace {

Files sample_files() {
  return {{"a.txt", "hello\n"},
          {"dir/empty", ""},
          {"dir/long.csv", test::table_text(200'000, 1)},
          {"dir/noise.bin", test::random_bytes(30'000, 2)},
          {"dir/same", "hello\n"}};
}

Files read_back(store::Repository& repository, const snapshot::SnapshotName& name) {
  Files files;
  const auto manifest = snapshot::load_manifest(repository, name);
  snapshot::walk_tree(repository, manifest.root, [&](const snapshot::Entry& entry) {
    if (entry.type == snapshot::EntryType::file)
      files.emplace_back(entry.path, repository.read_content(entry.content, 1 << 30));
    return snapshot::Walk::into;
  });
  return files;
}

}  // namespace

TEST_CASE("a snapshot gives back what was put in") {
  const auto store = std::make_shared<test::MemoryStore>();
  store::Repository::create(std::make_shared<test::MemoryBackend>(store), test::small_chunks(), {});
  const auto name = test::commit_files(*test::open_memory(store), sample_files());

  const auto repository = test::open_memory(store);
  CHECK(snapshot::list_snapshots(*repository) == std::vector{name});
  CHECK(read_back(*repository, name) == sample_files());
  const auto report = snapshot::verify_snapshot(*repository, name);
  CHECK(report.clean());
  CHECK(report.files == 5);
  CHECK(store::check_structure(*repository, store::ReadPacks::yes).damage.empty());

  const auto manifest = snapshot::load_manifest(*repository, name);
  CHECK(manifest.counts == snapshot::TreeCounts{5, 1, 0, 0, 230'012});
  const auto entry = snapshot::find_entry(*repository, manifest.root, "dir//long.csv/");
  REQUIRE(entry);
  CHECK(entry->path == "dir/long.csv");
  CHECK(entry->mode == 0640);
  CHECK(entry->mtime_ns == 1'700'000'000'123'456'789);
  CHECK(entry->user == "anna");
  CHECK(entry->content.list_levels == 1);
  CHECK(entry->content.id.digest == hash::sha256(test::table_text(200'000, 1)));
  CHECK_FALSE(snapshot::find_entry(*repository, manifest.root, "dir/none"));
  CHECK_FALSE(snapshot::find_entry(*repository, manifest.root, "a.txt/below"));
}

TEST_CASE("the second snapshot of the same files stores nothing but its manifest") {
  const auto store = std::make_shared<test::MemoryStore>();
  const auto repository = store::Repository::create(std::make_shared<test::MemoryBackend>(store),
                                                    test::small_chunks(), {});
  const auto first = test::commit_files(*repository, sample_files());
  const auto before = store->objects.size();
  const auto second = test::commit_files(*repository, sample_files());
  CHECK(store->objects.size() == before + 2);  // the manifest under two names
  const auto manifest = snapshot::load_manifest(*repository, second);
  CHECK(manifest.stored.new_chunks == 0);
  CHECK(manifest.root == snapshot::load_manifest(*repository, first).root);
  CHECK(first < second);
}

TEST_CASE("a session that is given up leaves nothing to see") {
  const auto store = std::make_shared<test::MemoryStore>();
  const auto repository = store::Repository::create(std::make_shared<test::MemoryBackend>(store),
                                                    test::small_chunks(), {});
  { repository->begin_session()->put_bytes("something"); }
  CHECK(snapshot::list_snapshots(*repository).empty());
  CHECK_FALSE(repository->has(core::ContentId{hash::sha256("something")}));
}

TEST_CASE("has knows what is stored and what was put before the commit") {
  const auto store = std::make_shared<test::MemoryStore>();
  const auto repository = store::Repository::create(std::make_shared<test::MemoryBackend>(store),
                                                    test::small_chunks(), {});
  const auto session = repository->begin_session();
  const auto small = session->put_bytes("small");
  const auto large = session->put_bytes(test::table_text(100'000, 3));
  CHECK(session->has(small.id));
  CHECK(session->has_all(small));
  CHECK_FALSE(session->has(core::ContentId{hash::sha256("other")}));
  session->checkpoint();
  CHECK(repository->has_all(large));
  CHECK(test::open_memory(store)->has_all(large));
  auto missing = large;
  missing.list = store::ChunkId{hash::sha256("no list")};
  CHECK_FALSE(test::open_memory(store)->has_all(missing));
}

TEST_CASE("the index can be made anew from the packs") {
  const auto store = std::make_shared<test::MemoryStore>();
  const auto repository = store::Repository::create(std::make_shared<test::MemoryBackend>(store),
                                                    test::small_chunks(), {});
  const auto name = test::commit_files(*repository, sample_files());
  std::erase_if(store->objects,
                [](const auto& object) { return object.first.starts_with("index/"); });
  const auto damaged = test::open_memory(store);
  CHECK_FALSE(snapshot::verify_snapshot(*damaged, name).clean());
  const auto repair = store::rebuild_index(*damaged);
  CHECK(repair.packs == 1);
  CHECK(repair.damaged_packs.empty());
  CHECK(snapshot::verify_snapshot(*damaged, name).clean());
  CHECK(snapshot::verify_snapshot(*test::open_memory(store), name).clean());
}

TEST_CASE("a large directory is split, and a small change rewrites a small part of it") {
  const auto store = std::make_shared<test::MemoryStore>();
  const auto repository = store::Repository::create(std::make_shared<test::MemoryBackend>(store),
                                                    test::small_chunks(), {});
  Files files;
  for (int i = 0; i < 12'000; ++i) files.emplace_back("many/" + std::to_string(i), "x");
  std::sort(files.begin(), files.end());
  const auto first = test::commit_files(*repository, files);
  const auto one = snapshot::load_manifest(*repository, first);
  CHECK(one.stored.new_chunks > 5);  // parts, the directory, the root, and "x"
  files[6'000].second = "changed";
  const auto second = test::commit_files(*repository, files);
  const auto two = snapshot::load_manifest(*repository, second);
  CHECK(two.stored.new_chunks == 4);  // the part, the directory, the root, and "changed"
  CHECK(read_back(*repository, second) == files);
  for (const auto* name : {"0", "9999", "5432"})
    CHECK(snapshot::find_entry(*repository, two.root, std::string("many/") + name));
  CHECK_FALSE(snapshot::find_entry(*repository, two.root, "many/12000"));
}

TEST_CASE("very long files have lists of lists") {
  const auto store = std::make_shared<test::MemoryStore>();
  store::CreateOptions options;
  options.chunker = {.minimum = 64, .average = 256, .maximum = 512};
  const auto repository =
      store::Repository::create(std::make_shared<test::MemoryBackend>(store), options, {});
  const auto bytes = test::table_text(3'000'000, 4);
  const auto name = test::commit_files(*repository, {{"long", bytes}});
  const auto root = snapshot::load_manifest(*repository, name).root;
  const auto entry = snapshot::find_entry(*repository, root, "long");
  REQUIRE(entry);
  CHECK(entry->content.list_levels == 2);
  CHECK(repository->read_content(entry->content, 1 << 30) == bytes);
  CHECK(snapshot::verify_snapshot(*repository, name).clean());
}

TEST_CASE("entries out of order, twice, or leading out are refused") {
  const auto repository =
      store::Repository::create(std::make_shared<test::MemoryBackend>(), test::small_chunks(), {});
  const auto session = repository->begin_session();
  for (const auto& [first, second] :
       std::vector<std::pair<std::string, std::string>>{{"b", "a"},
                                                        {"a", "a"},
                                                        {"a/b", "a"},
                                                        {"a", "a/b"},
                                                        {"a.b/c", "a/d"},
                                                        {"a", "/b"},
                                                        {"a", "../b"},
                                                        {"a", "b//c"},
                                                        {"a", "b/"},
                                                        {"a", ""}}) {
    snapshot::TreeWriter tree(*session);
    tree.add(test::file_entry(first, {}));
    CHECK_THROWS_AS(tree.add(test::file_entry(second, {})), base::Error);
  }
  snapshot::TreeWriter tree(*session);
  for (const auto* path : {"a/x", "a.txt", "b/c/d", "b/e"}) tree.add(test::file_entry(path, {}));
  tree.finish();
  CHECK(tree.counts().directories == 3);
}
