#include "explorer/campaign/store.hpp"

#include <SQLiteCpp/SQLiteCpp.h>
#include <SQLiteCpp/VariadicBind.h>
#include <sqlite3.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <ctime>
#include <fstream>
#include <iterator>
#include <tuple>
#include <utility>

#include "engine/trace.hpp"

namespace gainsay {

namespace {

constexpr int schema_version = 1;
constexpr int application = 0x67616e73;  // "gans", in the header of the file
constexpr int busy_ms = 20'000;          // as long as another process may write

// `rounds` holds ranges that neither overlap nor touch, so that equal stores have equal rows. Of
// the changes of a status the last one counts.
constexpr const char* schema = R"(
  CREATE TABLE configurations(
    id INTEGER PRIMARY KEY, system TEXT NOT NULL, version TEXT NOT NULL, bug TEXT NOT NULL,
    bounds TEXT NOT NULL, strategy TEXT NOT NULL, seed TEXT NOT NULL, tool TEXT NOT NULL,
    round_runs INTEGER NOT NULL,
    UNIQUE(system, version, bug, bounds, strategy, seed, tool, round_runs));
  CREATE TABLE rounds(
    configuration INTEGER NOT NULL REFERENCES configurations, first INTEGER NOT NULL,
    behind INTEGER NOT NULL, PRIMARY KEY(configuration, first)) WITHOUT ROWID;
  CREATE TABLE failures(
    identity TEXT PRIMARY KEY, system TEXT NOT NULL, property TEXT NOT NULL, trace TEXT NOT NULL,
    events INTEGER NOT NULL, faults INTEGER NOT NULL, shortest INTEGER NOT NULL) WITHOUT ROWID;
  CREATE TABLE hits(
    configuration INTEGER NOT NULL REFERENCES configurations, run INTEGER NOT NULL,
    identity TEXT NOT NULL REFERENCES failures, count INTEGER NOT NULL, time INTEGER NOT NULL,
    PRIMARY KEY(configuration, run, identity)) WITHOUT ROWID;
  CREATE INDEX hits_of ON hits(identity, configuration, run);
  CREATE TABLE local_states(
    configuration INTEGER NOT NULL REFERENCES configurations, hash INTEGER NOT NULL,
    PRIMARY KEY(configuration, hash)) WITHOUT ROWID;
  CREATE TABLE statuses(
    identity TEXT PRIMARY KEY REFERENCES failures, status INTEGER NOT NULL, note TEXT NOT NULL,
    time INTEGER NOT NULL) WITHOUT ROWID;
  CREATE TABLE canaries(time INTEGER PRIMARY KEY, runs INTEGER NOT NULL);
)";

constexpr const char* configuration_columns =
    "system, version, bug, bounds, strategy, seed, tool, round_runs";

// Of two forms of one failure the smaller one stays; the order is total, so that it does not matter
// which was there first.
constexpr const char* keep_smaller = R"(
  ON CONFLICT(identity) DO UPDATE SET
    system = excluded.system, property = excluded.property, trace = excluded.trace,
    events = excluded.events, faults = excluded.faults, shortest = excluded.shortest
  WHERE (1 - excluded.shortest, excluded.faults, excluded.events, excluded.trace, excluded.property,
         excluded.system) < (1 - shortest, faults, events, trace, property, system))";

constexpr const char* keep_earliest =
    " ON CONFLICT DO UPDATE SET time = excluded.time WHERE excluded.time < time";

constexpr const char* keep_last_change = R"(
  ON CONFLICT(identity) DO UPDATE SET
    status = excluded.status, note = excluded.note, time = excluded.time
  WHERE (excluded.time, excluded.status, excluded.note) > (time, status, note))";

constexpr std::array<std::string_view, 4> status_names = {"open", "known", "fixed", "ignored"};

std::int64_t signed_of(std::uint64_t value) { return static_cast<std::int64_t>(value); }
std::uint64_t unsigned_of(const SQLite::Column& column) {
  return static_cast<std::uint64_t>(column.getInt64());
}

[[noreturn]] void rethrow(const std::filesystem::path& path, const SQLite::Exception& error) {
  const std::string text = path.string() + ": " + error.what();
  switch (error.getErrorCode()) {
    case SQLITE_FULL:
    case SQLITE_IOERR:
    case SQLITE_CANTOPEN:
    case SQLITE_READONLY:
    case SQLITE_PERM:
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
      throw FileError(text);
    default:
      throw StoreError(text);
  }
}

int pragma(SQLite::Database& database, const std::string& name) {
  return database.execAndGet("PRAGMA " + name).getInt();
}

// A new database gets its tables; any other must be ours.
void prepare(SQLite::Database& database, const std::filesystem::path& path) {
  // A commit is on disk before it is reported, and readers never wait for a writer.
  database.exec("PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA foreign_keys = ON");
  SQLite::Transaction transaction(database, SQLite::TransactionBehavior::IMMEDIATE);
  const bool is_new = database.execAndGet("SELECT count(*) FROM sqlite_master").getInt() == 0;
  if (is_new) {
    database.exec(schema);
    database.exec("PRAGMA application_id = " + std::to_string(application) +
                  "; PRAGMA user_version = " + std::to_string(schema_version));
    transaction.commit();
    return;
  }
  if (pragma(database, "application_id") != application) {
    throw StoreError(path.string() + ": is no store of a campaign");
  }
  const int version = pragma(database, "user_version");
  if (version != schema_version) {
    throw StoreError(path.string() + ": has version " + std::to_string(version) +
                     " of the store's format; this gainsay reads version " +
                     std::to_string(schema_version));
  }
}

}  // namespace

std::string_view to_string(FailureStatus status) {
  return status_names.at(static_cast<std::size_t>(status));
}

std::optional<FailureStatus> failure_status(std::string_view name) {
  for (std::size_t i = 0; i < status_names.size(); ++i) {
    if (status_names[i] == name) return static_cast<FailureStatus>(i);
  }
  return std::nullopt;
}

struct CampaignStore::Impl {
  std::filesystem::path path;
  SQLite::Database database;

  explicit Impl(std::filesystem::path file)
      : path(std::move(file)),
        database(path.string(), SQLite::OPEN_READWRITE | SQLite::OPEN_CREATE, busy_ms) {
    prepare(database, path);
  }

  std::optional<std::int64_t> find(const CampaignConfiguration& one) {
    SQLite::Statement query(database, std::string("SELECT id FROM configurations WHERE (") +
                                          configuration_columns + ") = (?, ?, ?, ?, ?, ?, ?, ?)");
    bind(query, one);
    if (!query.executeStep()) return std::nullopt;
    return query.getColumn(0).getInt64();
  }

  std::int64_t find_or_add(const CampaignConfiguration& one) {
    SQLite::Statement insert(database, std::string("INSERT OR IGNORE INTO configurations(") +
                                           configuration_columns +
                                           ") VALUES(?, ?, ?, ?, ?, ?, ?, ?)");
    bind(insert, one);
    insert.exec();
    return *find(one);
  }

  static void bind(SQLite::Statement& statement, const CampaignConfiguration& one) {
    int at = 0;
    for (const std::string* text :
         {&one.system, &one.version, &one.bug, &one.bounds, &one.strategy, &one.seed, &one.tool}) {
      statement.bind(++at, *text);
    }
    statement.bind(++at, signed_of(one.round_runs));
  }

  bool has_round(std::int64_t configuration, std::uint64_t round) {
    SQLite::Statement query(database,
                            "SELECT 1 FROM rounds WHERE configuration = ? AND first <= ? AND "
                            "behind > ? LIMIT 1");
    SQLite::bind(query, configuration, signed_of(round), signed_of(round));
    return query.executeStep();
  }

  // [first, behind) and the ranges that it meets become one.
  void add_range(std::int64_t configuration, std::int64_t first, std::int64_t behind) {
    SQLite::Statement met(database,
                          "SELECT min(first), max(behind) FROM rounds WHERE configuration = ? AND "
                          "first <= ? AND behind >= ?");
    SQLite::bind(met, configuration, behind, first);
    if (met.executeStep() && !met.getColumn(0).isNull()) {
      const std::int64_t least = met.getColumn(0).getInt64();
      const std::int64_t greatest = met.getColumn(1).getInt64();
      SQLite::Statement remove(database,
                               "DELETE FROM rounds WHERE configuration = ? AND first <= ? AND "
                               "behind >= ?");
      SQLite::bind(remove, configuration, behind, first);
      remove.exec();
      first = std::min(first, least);
      behind = std::max(behind, greatest);
    }
    SQLite::Statement insert(database, "INSERT INTO rounds VALUES(?, ?, ?)");
    SQLite::bind(insert, configuration, first, behind);
    insert.exec();
  }

  void add_failures(const std::vector<CampaignFailure>& failures) {
    SQLite::Statement insert(
        database, std::string("INSERT INTO failures VALUES(?, ?, ?, ?, ?, ?, ?)") + keep_smaller);
    for (const CampaignFailure& one : failures) {
      SQLite::bind(insert, one.identity, one.system, one.property, one.trace, one.events,
                   one.faults, one.shortest ? 1 : 0);
      insert.exec();
      insert.reset();
    }
  }

  void add_hits(std::int64_t configuration, const std::vector<CampaignHit>& hits,
                std::int64_t now) {
    SQLite::Statement insert(database,
                             std::string("INSERT INTO hits VALUES(?, ?, ?, ?, ?)") + keep_earliest);
    for (const CampaignHit& one : hits) {
      SQLite::bind(insert, configuration, signed_of(one.run), one.identity, signed_of(one.count),
                   now);
      insert.exec();
      insert.reset();
    }
  }

  // Takes away what was found where a round was cut short; the identities.
  std::vector<std::string> take_hits(std::int64_t configuration, std::uint64_t round,
                                     std::uint64_t round_runs) {
    constexpr const char* of_round = " FROM hits WHERE configuration = ? AND run >= ? AND run < ?";
    const std::int64_t first = signed_of(round * round_runs);
    const std::int64_t behind = signed_of((round + 1) * round_runs);
    std::vector<std::string> identities;
    SQLite::Statement query(database, std::string("SELECT DISTINCT identity") + of_round);
    SQLite::bind(query, configuration, first, behind);
    while (query.executeStep()) identities.push_back(query.getColumn(0).getString());
    if (identities.empty()) return identities;
    SQLite::Statement remove(database, std::string("DELETE") + of_round);
    SQLite::bind(remove, configuration, first, behind);
    remove.exec();
    return identities;
  }

  // A failure that nothing hit, and that nobody has said anything of.
  void remove_if_not_hit(const std::string& identity) {
    SQLite::Statement remove(database,
                             "DELETE FROM failures WHERE identity = ?1 AND NOT EXISTS(SELECT 1 "
                             "FROM hits WHERE identity = ?1) AND NOT EXISTS(SELECT 1 FROM statuses "
                             "WHERE identity = ?1)");
    remove.bind(1, identity);
    remove.exec();
  }

  void add_local_states(std::int64_t configuration, const std::vector<std::int64_t>& hashes) {
    SQLite::Statement insert(database, "INSERT OR IGNORE INTO local_states VALUES(?, ?)");
    for (const std::int64_t hash : hashes) {
      SQLite::bind(insert, configuration, hash);
      insert.exec();
      insert.reset();
    }
  }

  // Runs `action`; what SQLite says becomes an error of ours.
  template <class F>
  auto guarded(F action) {
    try {
      return action();
    } catch (const SQLite::Exception& error) {
      rethrow(path, error);
    }
  }

  // All of `action`'s changes or none.
  template <class F>
  void change(F action) {
    guarded([&] {
      SQLite::Transaction transaction(database, SQLite::TransactionBehavior::IMMEDIATE);
      action();
      transaction.commit();
    });
  }

  void merge_attached();
};

CampaignStore::CampaignStore(const std::filesystem::path& directory, bool must_exist) {
  const std::filesystem::path path = directory / "campaign.sqlite";
  if (must_exist && !std::filesystem::exists(path)) {
    throw StoreError(directory.string() + ": there is no campaign");
  }
  std::filesystem::create_directories(directory);
  try {
    impl_ = std::make_unique<Impl>(path);
  } catch (const SQLite::Exception& error) {
    rethrow(path, error);
  }
}

CampaignStore::~CampaignStore() = default;

std::vector<CampaignStore::Range> CampaignStore::rounds(
    const CampaignConfiguration& configuration) {
  return impl_->guarded([&] {
    std::vector<Range> ranges;
    const auto id = impl_->find(configuration);
    if (!id) return ranges;
    SQLite::Statement query(impl_->database,
                            "SELECT first, behind FROM rounds WHERE configuration = ? ORDER BY 1");
    query.bind(1, *id);
    while (query.executeStep()) {
      ranges.push_back({unsigned_of(query.getColumn(0)), unsigned_of(query.getColumn(1))});
    }
    return ranges;
  });
}

void CampaignStore::record(const CampaignConfiguration& configuration,
                           const std::vector<CampaignRound>& rounds) {
  const auto now = static_cast<std::int64_t>(std::time(nullptr));
  impl_->change([&] {
    const std::int64_t id = impl_->find_or_add(configuration);
    for (const CampaignRound& round : rounds) {
      if (impl_->has_round(id, round.round)) continue;
      const auto cut_short = impl_->take_hits(id, round.round, configuration.round_runs);
      impl_->add_failures(round.failures);
      impl_->add_hits(id, round.hits, now);
      impl_->add_local_states(id, round.local_states);
      for (const std::string& identity : cut_short) impl_->remove_if_not_hit(identity);
      if (!round.is_whole) continue;
      impl_->add_range(id, signed_of(round.round), signed_of(round.round) + 1);
    }
  });
}

void CampaignStore::record_canary(std::uint64_t runs) {
  impl_->change([&] {
    SQLite::Statement insert(impl_->database, "INSERT OR REPLACE INTO canaries VALUES(?, ?)");
    SQLite::bind(insert, static_cast<std::int64_t>(std::time(nullptr)), signed_of(runs));
    insert.exec();
  });
}

std::optional<std::int64_t> CampaignStore::canary() {
  return impl_->guarded([&]() -> std::optional<std::int64_t> {
    const SQLite::Column last = impl_->database.execAndGet("SELECT max(time) FROM canaries");
    if (last.isNull()) return std::nullopt;
    return last.getInt64();
  });
}

void CampaignStore::set_status(const std::string& identity, FailureStatus status,
                               const std::string& note) {
  impl_->change([&] {
    SQLite::Statement query(impl_->database,
                            "SELECT identity FROM failures WHERE substr(identity, 1, ?) = ?");
    SQLite::bind(query, static_cast<std::int64_t>(identity.size()), identity);
    if (identity.empty() || !query.executeStep()) {
      throw StoreError("there is no failure '" + identity + "' in " + impl_->path.string());
    }
    const std::string whole = query.getColumn(0).getString();
    if (query.executeStep()) {
      throw StoreError("'" + identity + "' is the beginning of more than one failure");
    }
    SQLite::Statement last(impl_->database, "SELECT max(time) FROM statuses WHERE identity = ?");
    last.bind(1, whole);
    last.executeStep();
    // Two changes within one second are still in order.
    const auto now = static_cast<std::int64_t>(std::time(nullptr));
    const std::int64_t time =
        last.getColumn(0).isNull() ? now : std::max(now, last.getColumn(0).getInt64() + 1);
    SQLite::Statement insert(
        impl_->database, std::string("INSERT INTO statuses VALUES(?, ?, ?, ?)") + keep_last_change);
    SQLite::bind(insert, whole, static_cast<int>(status), note, time);
    insert.exec();
  });
}

// What is attached as `other` has been opened by this program, so it has these tables; its rows may
// still be anything.
void CampaignStore::Impl::merge_attached() {
  const std::string columns = configuration_columns;
  database.exec("INSERT OR IGNORE INTO configurations(" + columns + ") SELECT " + columns +
                " FROM other.configurations ORDER BY id");
  // Which number a configuration has there and here.
  database.exec(
      "CREATE TEMP TABLE same AS SELECT theirs.id AS theirs, ours.id AS ours FROM "
      "other.configurations AS theirs JOIN main.configurations AS ours USING (" +
      columns + ")");
  SQLite::Statement ranges(database,
                           "SELECT ours, first, behind FROM other.rounds JOIN same ON "
                           "configuration = theirs WHERE first >= 0 AND behind > first");
  std::vector<std::tuple<std::int64_t, std::int64_t, std::int64_t>> added;
  while (ranges.executeStep()) {
    added.emplace_back(ranges.getColumn(0).getInt64(), ranges.getColumn(1).getInt64(),
                       ranges.getColumn(2).getInt64());
  }
  for (const auto& [configuration, first, behind] : added) add_range(configuration, first, behind);
  // "WHERE true": SQLite would take ON CONFLICT for the condition of a join.
  database.exec(std::string("INSERT INTO failures SELECT * FROM other.failures WHERE true") +
                keep_smaller);
  database.exec(
      std::string("INSERT INTO hits SELECT ours, run, identity, count, time FROM other.hits "
                  "JOIN same ON configuration = theirs WHERE true") +
      keep_earliest);
  database.exec(
      "INSERT OR IGNORE INTO local_states SELECT ours, hash FROM other.local_states "
      "JOIN same ON configuration = theirs");
  database.exec(std::string("INSERT INTO statuses SELECT * FROM other.statuses WHERE true") +
                keep_last_change);
  database.exec(
      "INSERT INTO canaries SELECT * FROM other.canaries WHERE true ON CONFLICT(time) "
      "DO UPDATE SET runs = max(runs, excluded.runs)");
  database.exec("DROP TABLE same");
}

void CampaignStore::merge(const std::filesystem::path& other) {
  std::filesystem::path theirs;
  {
    const CampaignStore opened(other, true);  // says what is wrong with it
    theirs = opened.impl_->path;
  }
  if (std::filesystem::equivalent(theirs, impl_->path)) return;
  impl_->guarded([&] {
    SQLite::Statement attach(impl_->database, "ATTACH ? AS other");
    attach.bind(1, theirs.string());
    attach.exec();
  });
  try {
    impl_->change([&] { impl_->merge_attached(); });
  } catch (...) {
    impl_->guarded([&] { impl_->database.exec("DETACH other"); });
    throw;
  }
  impl_->guarded([&] { impl_->database.exec("DETACH other"); });
}

std::vector<ConfigurationSummary> CampaignStore::configurations() {
  return impl_->guarded([&] {
    SQLite::Statement query(
        impl_->database,
        std::string("SELECT ") + configuration_columns +
            ", (SELECT ifnull(sum(behind - first), 0) FROM rounds WHERE configuration = id)"
            ", (SELECT count(*) FROM local_states WHERE configuration = id)"
            ", (SELECT ifnull(sum(count), 0) FROM hits WHERE configuration = id)"
            " FROM configurations ORDER BY 1, 2, 3, 4, 5, 6, 7, 8");
    std::vector<ConfigurationSummary> all;
    while (query.executeStep()) {
      ConfigurationSummary one;
      CampaignConfiguration& configuration = one.configuration;
      int at = 0;
      for (std::string* text : {&configuration.system, &configuration.version, &configuration.bug,
                                &configuration.bounds, &configuration.strategy, &configuration.seed,
                                &configuration.tool}) {
        *text = query.getColumn(at++).getString();
      }
      configuration.round_runs = unsigned_of(query.getColumn(at++));
      one.rounds = unsigned_of(query.getColumn(at++));
      one.local_states = unsigned_of(query.getColumn(at++));
      one.hits = unsigned_of(query.getColumn(at++));
      all.push_back(std::move(one));
    }
    return all;
  });
}

namespace {

void find_related(std::vector<FailureSummary>& failures) {
  for (FailureSummary& one : failures) {
    if (one.failure.shortest) continue;
    for (const FailureSummary& other : failures) {
      if (other.failure.shortest && other.failure.system == one.failure.system &&
          other.failure.property == one.failure.property) {
        one.related.push_back(other.failure.identity);
      }
    }
  }
}

}  // namespace

std::vector<FailureSummary> CampaignStore::failures() {
  return impl_->guarded([&] {
    SQLite::Statement query(
        impl_->database,
        "SELECT f.identity, f.system, f.property, trace, events, faults, shortest, "
        "(SELECT ifnull(sum(count), 0) FROM hits AS h WHERE h.identity = f.identity), "
        "(SELECT min(time) FROM hits AS h WHERE h.identity = f.identity), "
        "(SELECT max(time) FROM hits AS h WHERE h.identity = f.identity), "
        "ifnull(status, 0), ifnull(note, ''), ifnull(time, 0) "
        "FROM failures AS f LEFT JOIN statuses USING (identity) "
        "ORDER BY f.system, f.property, 1 - shortest, faults, events, f.identity");
    // Of the configurations that hit it the first by name, so that it is the same after a merge.
    SQLite::Statement first(
        impl_->database,
        "SELECT seed, run FROM hits JOIN configurations ON id = configuration WHERE identity = ? "
        "ORDER BY system, version, bug, bounds, strategy, seed, tool, round_runs, run LIMIT 1");
    std::vector<FailureSummary> all;
    while (query.executeStep()) {
      FailureSummary one;
      CampaignFailure& failure = one.failure;
      int at = 0;
      for (std::string* text :
           {&failure.identity, &failure.system, &failure.property, &failure.trace}) {
        *text = query.getColumn(at++).getString();
      }
      failure.events = query.getColumn(at++).getUInt();
      failure.faults = query.getColumn(at++).getUInt();
      failure.shortest = query.getColumn(at++).getInt() != 0;
      one.count = unsigned_of(query.getColumn(at++));
      one.first_seen = query.getColumn(at++).getInt64();
      one.last_seen = query.getColumn(at++).getInt64();
      const std::uint64_t status = unsigned_of(query.getColumn(at++));
      if (status >= status_names.size()) {
        throw StoreError(impl_->path.string() + ": unknown status " + std::to_string(status));
      }
      one.status = static_cast<FailureStatus>(status);
      one.note = query.getColumn(at++).getString();
      // Whoever said that it was fixed said so before.
      if (one.status == FailureStatus::fixed && one.last_seen > query.getColumn(at).getInt64()) {
        one.status = FailureStatus::open;
        one.note = "was fixed, and came back" + (one.note.empty() ? "" : ": " + one.note);
      }
      first.reset();
      first.bind(1, failure.identity);
      if (first.executeStep()) {
        one.first_seed = first.getColumn(0).getString();
        one.first_run = unsigned_of(first.getColumn(1));
      }
      all.push_back(std::move(one));
    }
    find_related(all);
    return all;
  });
}

std::filesystem::path CampaignStore::trace_path(const CampaignFailure& failure) const {
  std::string name = failure.system + "-" + failure.property + "-" + failure.identity.substr(0, 16);
  // Another store's names may be anything; the path stays in the directory.
  std::ranges::replace_if(
      name, [](char c) { return std::isalnum(static_cast<unsigned char>(c)) == 0 && c != '-'; },
      '-');
  return impl_->path.parent_path() / "traces" / (name.substr(0, 120) + ".trace.json");
}

void CampaignStore::write_traces() {
  for (const FailureSummary& one : failures()) {
    const std::filesystem::path path = trace_path(one.failure);
    std::ifstream file(path, std::ios::binary);
    const std::string there(std::istreambuf_iterator<char>(file), {});
    if (file && there == one.failure.trace) continue;
    std::filesystem::create_directories(path.parent_path());
    write_file(path, one.failure.trace);
  }
}

std::string CampaignStore::contents() {
  return impl_->guarded([&] {
    std::string text;
    const std::string named =
        " JOIN configurations ON id = configuration ORDER BY system, version, bug, bounds, "
        "strategy, seed, tool, round_runs, ";
    const std::string columns = std::string(configuration_columns) + ", ";
    for (const std::string& query :
         {"SELECT 'configuration', " + columns + "'' FROM configurations ORDER BY 2,3,4,5,6,7,8,9",
          "SELECT 'rounds', " + columns + "first, behind FROM rounds" + named + "first",
          "SELECT 'hit', " + columns + "run, identity, count FROM hits" + named + "run, identity",
          "SELECT 'state', " + columns + "hash FROM local_states" + named + "hash",
          std::string("SELECT 'failure', * FROM failures ORDER BY identity"),
          std::string("SELECT 'status', identity, status, note FROM statuses ORDER BY identity")}) {
      SQLite::Statement rows(impl_->database, query);
      while (rows.executeStep()) {
        for (int i = 0; i < rows.getColumnCount(); ++i) {
          text += rows.getColumn(i).getString() + (i + 1 == rows.getColumnCount() ? '\n' : '\t');
        }
      }
    }
    return text;
  });
}

}  // namespace gainsay
