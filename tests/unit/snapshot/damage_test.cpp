#include "provrun/base/error.hpp"
#include "provrun/snapshot/verifier.hpp"
#include "provrun/store/index.hpp"
#include "provrun/store/repair.hpp"
#include "support/catch.hpp"
#include "support/repository_fixture.hpp"

// Every byte of every object of a small repository is flipped, and every object is cut at every
// length: check_structure must name that object, or opening must fail with corruption; and reading
// must never give wrong bytes.

using namespace provrun;

namespace {

const test::Files kFiles{{"a", "one"}, {"b/c", test::table_text(3'000, 1)}, {"b/d", ""}};

std::shared_ptr<test::MemoryStore> small_repository(snapshot::SnapshotName& name) {
  const auto store = std::make_shared<test::MemoryStore>();
  const auto repository = store::Repository::create(std::make_shared<test::MemoryBackend>(store),
                                                    test::small_chunks(), {});
  name = test::commit_files(*repository, kFiles);
  return store;
}

bool detected(const std::shared_ptr<test::MemoryStore>& store, const std::string& object) {
  std::unique_ptr<store::Repository> repository;
  try {
    repository = test::open_memory(store);
  } catch (const base::Error& error) {
    return object == "config.json" && (error.code() == base::ErrorCode::corruption ||
                                       error.code() == base::ErrorCode::unsupported);
  }
  const auto report = store::check_structure(*repository, store::ReadPacks::yes);
  return std::any_of(report.damage.begin(), report.damage.end(),
                     [&](const auto& damage) { return damage.name == object; });
}

}  // namespace

TEST_CASE("every flipped byte and every truncation of every object is found and named") {
  snapshot::SnapshotName name;
  const auto store = small_repository(name);
  const auto pristine = store->objects;
  REQUIRE(pristine.size() >= 7);
  for (const auto& [object, bytes] : pristine) {
    if (object.starts_with("epochs/")) continue;  // not needed for reading; see the next case
    const std::size_t step = std::max<std::size_t>(1, bytes.size() / 400);
    for (std::size_t i = 0; i < bytes.size(); i += step) {
      INFO(object << " byte " << i);
      store->objects[object][i] = static_cast<char>(bytes[i] ^ (1 << (i % 8)));
      REQUIRE(detected(store, object));
      store->objects[object] = bytes.substr(0, i);
      REQUIRE(detected(store, object));
      store->objects[object] = bytes;
    }
  }
}

TEST_CASE("damaged claims and ends keep nobody from writing") {
  snapshot::SnapshotName name;
  const auto store = small_repository(name);
  const auto pristine = store->objects;
  for (const auto& [object, bytes] : pristine) {
    if (!object.ends_with(".end")) continue;
    store->objects["epochs/1/w00"] = "session";  // as after a crash before publishing
    store->objects[object] = bytes.substr(0, bytes.size() / 2);
    const auto repository = test::open_memory(store);
    CHECK(snapshot::verify_snapshot(*repository, test::commit_files(*repository, kFiles)).clean());
  }
}

TEST_CASE("a damaged pack is never read as something else, and the files are named") {
  snapshot::SnapshotName name;
  const auto store = small_repository(name);
  const auto pristine = store->objects;
  for (const auto& [object, bytes] : pristine) {
    if (!object.starts_with("packs/")) continue;
    for (std::size_t i = 0; i < bytes.size(); ++i) {
      INFO(object << " byte " << i);
      store->objects[object][i] = static_cast<char>(bytes[i] ^ 0x10);
      const auto repository = test::open_memory(store);
      const auto report = snapshot::verify_snapshot(*repository, name);
      for (const auto& damage : report.damage) REQUIRE_FALSE(damage.files.empty());
      const auto manifest = snapshot::load_manifest(*repository, name);
      if (report.clean()) REQUIRE(report.files == 3);
      store->objects[object] = bytes;
    }
  }
}

TEST_CASE("a missing pack is named with the files that need it") {
  snapshot::SnapshotName name;
  const auto store = std::make_shared<test::MemoryStore>();
  const auto repository = store::Repository::create(std::make_shared<test::MemoryBackend>(store),
                                                    test::small_chunks(), {});
  const auto session = repository->begin_session();
  const auto content = session->put_bytes("precious");
  session->checkpoint();  // a pack of its own
  const auto pack = repository->index().find(store::ChunkId{content.id.digest}).at(0).pack;
  snapshot::TreeWriter tree(*session);
  tree.add(test::file_entry("x/file one", content));
  tree.add(test::file_entry("x/file two", content));
  snapshot::Manifest manifest;
  manifest.root = tree.finish();
  name = snapshot::commit_snapshot(*session, manifest);
  store->objects.erase(pack.object_name());
  const auto report = snapshot::verify_snapshot(*test::open_memory(store), name);
  REQUIRE(report.damage.size() == 1);
  CHECK(report.damage[0].object == "chunk " + content.id.digest.to_hex());
  CHECK(report.damage[0].files == std::vector<std::string>{"x/file one", "x/file two"});
  const auto structure = store::check_structure(*test::open_memory(store), store::ReadPacks::no);
  REQUIRE(structure.damage.size() == 1);
  CHECK(structure.damage[0].name == pack.object_name());
  CHECK(structure.damage[0].problem == "the index names it and it is missing");
}

TEST_CASE("a damaged index segment is survived, and repaired from the packs") {
  snapshot::SnapshotName name;
  const auto store = small_repository(name);
  for (auto& [object, bytes] : store->objects)
    if (object.starts_with("index/")) bytes[bytes.size() / 2] ^= 1;
  const auto repository = test::open_memory(store);
  CHECK(repository->index().damaged_segments().size() == 1);
  CHECK_FALSE(snapshot::verify_snapshot(*repository, name).clean());
  store::rebuild_index(*repository);
  CHECK(snapshot::verify_snapshot(*repository, name).clean());
  CHECK(store::check_structure(*repository, store::ReadPacks::yes).damage.empty());
}
