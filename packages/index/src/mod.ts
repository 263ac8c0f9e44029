export { assert, type ErrorCode, MurmurationError } from "./errors.js";
export { bindTexts } from "./filter/bind-texts.js";
export { type CompiledFilter, compileFilter, prepareFilter } from "./filter/compile.js";
export type * from "./filter/condition.js";
export { filterConditionsMax, filterDepthMax, hasIdIdsMax, matchValuesMax } from "./filter/filter-limits.js";
export { type ConditionShape, type FilterShape, shapeOfFilter } from "./filter/filter-shape.js";
export { compilePredicate } from "./filter/matches.js";
export { emptyFilter, parseFilter } from "./filter/parse.js";
export type { FilterStep } from "./filter/plan.js";
export type * from "./filter/point-source.js";
export type { Predicate } from "./filter/predicate.js";
export type { Expression, Formula } from "./formula/expression.js";
export { formulaDepthMax, formulaExpressionsMax } from "./formula/formula-limits.js";
export { parseFormula } from "./formula/parse-formula.js";
export { parseJsonExactly, parseJsonText, printJson } from "./json-text.js";
export type * from "./payload/access.js";
export { columnProblems } from "./payload/columns/column-problems.js";
export { ColumnReader } from "./payload/columns/column-reader.js";
export { Columns, type WrittenColumn } from "./payload/columns/columns.js";
export { slotsOfRows } from "./payload/columns/slot-filter.js";
export { datetimeOf, parseDatetime } from "./payload/datetime.js";
export { type GeoPoint, geoPointOf } from "./payload/geo.js";
export { accessOfIndex } from "./payload/index-access.js";
export { isJsonObject, type Json, type JsonObject, type Payload } from "./payload/json.js";
export {
  type JsonPath,
  type PathStep,
  parsePath,
  someStandingAt,
  someValueAt,
  standingAt,
  valuesAt,
} from "./payload/path.js";
export type { FrozenOrder, IndexableValue, PayloadIndex, RangeBounds, ValueGroup } from "./payload/payload-index.js";
export { createPayloadIndex, PayloadIndexes } from "./payload/payload-indexes.js";
export { parsedPathsMax, pathLengthMax } from "./payload/payload-limits.js";
export { PayloadMemory, type PayloadMemoryUse, readPayloadMemory } from "./payload/payload-memory.js";
export { parsePayload, printPayload } from "./payload/payload-text.js";
export {
  isSameTextIndex,
  type PayloadIndexKind,
  type PayloadIndexSchema,
  payloadIndexKinds,
  servesFacets,
  servesOrder,
  type TextIndexes,
  textIndexesOf,
  textParametersOf,
} from "./payload/schema.js";
export { compileSelector, type PayloadSelection, type PayloadSelector, selectPayload } from "./payload/select.js";
export { emptyPayloadKey, type PayloadReader } from "./payload/store.js";
export { compileDeletion, mergePayload, type SetMode, setAt } from "./payload/update.js";
export { comparePointIds, type PointId, pointIdFromText, toPointId } from "./point/point-id.js";
export type { CollectionHandle, SpaceHandle } from "./query/collection-handle.js";
export { CollectionReader } from "./query/collection-reader.js";
export type { QueryOutcome } from "./query/execute.js";
export {
  type FilterReport,
  PlanRecorder,
  type PlanReport,
  type SearchPlan,
  type SourceReport,
} from "./query/plan-recorder.js";
export type { Quality, QualityAt, QualityQuery, WorstQuery } from "./query/quality.js";
export type * from "./query/query.js";
export {
  examplesMax,
  feedbackMax,
  matrixSampleMax,
  mmrCandidatesMax,
  prefetchDepthMax,
  prefetchesMax,
  qualityNeighboursMax,
  qualitySamplesMax,
  qualityWidthsMax,
  walkLimitMax,
} from "./query/query-limits.js";
export type * from "./query/query-node.js";
export type { ReadPart, ReadWatch } from "./query/read-watch.js";
export type { ToldStep, ToldWalk, WalkNode, WalkQuery, WalkTold } from "./query/record-walk.js";
export { canonicalMulti, canonicalVector } from "./query/scores.js";
export type { Snapshot } from "./query/snapshot.js";
export { AttachedSpaces } from "./query/space-reader.js";
export { asMulti, requireKind } from "./query/vector-of-space.js";
export { type ReadonlyRowSet, RowSet } from "./row-set.js";
export { type EpochPin, hasReached, releaseThread } from "./segment/epochs.js";
export { decodeSegmentImage, encodeSegmentImage } from "./segment/image.js";
export {
  attachSegmentReader,
  pointsIn,
  rowsPerCallMax,
  type ScrollPage,
  type SegmentHandle,
  type SegmentReader,
  scrollRowsMax,
} from "./segment/reader.js";
export type { RowChange, RowPut, RowRemoval, RowStamp } from "./segment/row-change.js";
export { createLargestSegment, createSegment, type Segment, type SegmentUse } from "./segment/segment.js";
export type { TableMemory, TableOptions } from "./segment/table-engine.js";
export { finish, fixedAtFirst, type Interruption, Meter, type Sliced, stepsPerSlice } from "./sliced.js";
export { sortInSlices } from "./sliced-sort.js";
export { DenseSpace } from "./space/dense.js";
export { createSpace, denseSpaceOf, type LoadedSpace, loadSpace, type Space, type SpaceOptions } from "./space/open.js";
export type * from "./space/space.js";
export { spaceUse } from "./space/space-use.js";
export type { MultiSpace, SparseSpace } from "./space/unlinked.js";
export type { SparseHandle } from "./sparse/sparse-handle.js";
export { sparseLimits } from "./sparse/sparse-layout.js";
export {
  type Bm25,
  bm25Document,
  bm25Query,
  defaultTextParameters,
  type RawBm25Options,
  type RawTextParameters,
  readBm25,
  readTextParameters,
  type StemmerLanguage,
  type StopwordLanguage,
  stemmerLanguages,
  stopwordLanguages,
  type TextAnalyzer,
  type TextParameters,
  type Tokenizer,
  textAnalyzer,
  textParametersKey,
  tokenizers,
} from "./text/mod.js";
export { requireWellFormed, requireWellFormedJson, textFromUtf8 } from "./text.js";
export { parseUsearchFile, type UsearchFile } from "./usearch/parse-usearch-file.js";
export {
  readUsearchFile,
  type UsearchImport,
  type UsearchReadOptions,
  writeUsearchFile,
} from "./usearch/usearch-file.js";
export {
  bytesOfVector,
  checkMultiSize,
  type DenseVector,
  denseOf,
  isDense,
  isSparse,
  kindOfVector,
  type MultiVector,
  multiLimits,
  multiVector,
  type PlainVector,
  piecesOfVector,
  plainOfVector,
  type SparseVector,
  sameVector,
  sparseVector,
  type Vector,
  type VectorKind,
} from "./vector/vector.js";
export { decodeEdgeDelta, type EdgeList, encodeEdgeDelta } from "./vector-index/edge-delta.js";
export {
  type DeltaLists,
  type DeltaNeighbour,
  decodeGraphDelta,
  encodeGraphDelta,
} from "./vector-index/graph-delta.js";
export { attachReader, type GraphHandle, type OpenRowFile, releaseGraphThread } from "./vector-index/graph-handle.js";
export {
  compareNodeDots,
  defaultEfSearch,
  float32Max,
  type GraphReader,
  type NodeDot,
  type SearchOptions,
  type SearchResult,
} from "./vector-index/graph-reader.js";
export type { CausalPast, EdgeDelta, GraphCounters, GraphDelta, InsertCandidates } from "./vector-index/graph-types.js";
export { type GraphUse, graphUse } from "./vector-index/graph-use.js";
export { decodeImage, encodeImage, type ReadExactly } from "./vector-index/image.js";
export type { ApartImage, OpenPart } from "./vector-index/image-parts.js";
export { findRowsInImage } from "./vector-index/image-rows.js";
export { attachFinder, type CandidateFinder, insertedSinceMax } from "./vector-index/insert-planner.js";
export { normalise } from "./vector-index/normalise.js";
export {
  checkVectorIndexOptions,
  type Metric,
  metrics,
  type VectorIndexOptions,
  vectorIndexLimits,
} from "./vector-index/options.js";
export { type PublishedHold, PublishedPins } from "./vector-index/published-pins.js";
export { MemoryRowFile, type RowFile, type RowFileReader, type RowStore } from "./vector-index/row-file.js";
export type { RowKeeping } from "./vector-index/row-images.js";
export { type GraphReport, type GraphViolation, validateGraph } from "./vector-index/validate.js";
export { VectorIndex } from "./vector-index/vector-index.js";
