"""Operations that a SavedModel of a bundle may hold.

None of them reads or writes a file, opens a connection, prints, or calls Python, but those that
`CHECKPOINT` and `TABLE_FROM_FILE` name, for which `exports.verification.graphs` has rules.
"""

TABLE_FROM_FILE = "InitializeTableFromTextFileV2"
"""Reads a vocabulary: of the model's own assets only."""

CHECKPOINT = frozenset({"MergeV2Checkpoints", "RestoreV2", "SaveV2", "ShardedFilename"})
"""Every SavedModel has them, to save and restore its variables: no request may reach them."""

SCANN = frozenset(
    {
        "Scann>ScannCreateSearcher",
        "Scann>ScannSearch",
        "Scann>ScannSearchBatched",
        "Scann>ScannToTensors",
        "Scann>TensorsToScann",
    }
)
"""Of the `scann` library; only in `SCANN_MODEL`."""

SCANN_MODEL = "models/retrieve_scann"

_STATE = """
AssignVariableOp Const DisableCopyOnRead HashTableV2 Identity IdentityN LookupTableFindV2
LookupTableImportV2 LookupTableSizeV2 NoOp Placeholder PlaceholderWithDefault ReadVariableOp
ResourceGather ResourceGatherNd StopGradient VarHandleOp VarIsInitializedOp VariableShape
"""

_CONTROL = """
Assert Case If PartitionedCall StatefulPartitionedCall StatelessCase StatelessIf StatelessWhile
While
"""

_SHAPES = """
BroadcastArgs BroadcastTo ConcatV2 DynamicPartition DynamicStitch EnsureShape ExpandDims Fill
GatherNd GatherV2 InvertPermutation LinSpace MirrorPad OneHot OnesLike Pack Pad PadV2
ParallelDynamicStitch Range Rank Reshape ReverseSequence ReverseV2 ScatterNd Shape ShapeN Size
Slice Split SplitV Squeeze StridedSlice TensorScatterUpdate Tile Transpose Unique UniqueV2 Unpack
Where ZerosLike
"""

_NUMBERS = """
Abs Acos Add AddN AddV2 All Any ArgMax ArgMin Atan Atan2 BatchMatMulV2 BatchMatMulV3 BiasAdd
BitwiseAnd BitwiseOr BitwiseXor Bucketize Cast Ceil ClipByValue Cos Cosh Cumprod Cumsum
DenseBincount DivNoNan Einsum Elu Equal Erf Exp Expm1 Floor FloorDiv FloorMod Greater GreaterEqual
InTopKV2 IsFinite IsInf IsNan L2Loss LeakyRelu LeftShift Less LessEqual Log Log1p LogSoftmax
LogicalAnd LogicalNot LogicalOr LowerBound MatMul MatrixBandPart Max Maximum Mean Min Minimum Mod
Mul MulNoNan Neg NotEqual Pow Prod RealDiv Reciprocal Relu Relu6 RightShift Rint Round Rsqrt
SegmentMaxV2 SegmentMean SegmentMinV2 SegmentSumV2 Select SelectV2 Selu Sigmoid Sign Sin Sinh
Softmax Softplus Softsign SparseSegmentMean SparseSegmentSqrtN SparseSegmentSum Sqrt Square
SquaredDifference Sub Sum Tan Tanh TopKV2 TruncateDiv UnsortedSegmentMax UnsortedSegmentMin
UnsortedSegmentProd UnsortedSegmentSum UpperBound Xdivy Xlogy
"""

_TEXTS = """
AsString RegexFullMatch RegexReplace StaticRegexFullMatch StaticRegexReplace StringJoin
StringLength StringLower StringNGrams StringSplitV2 StringStrip StringToHashBucketFast
StringToHashBucketStrong StringToNumber StringUpper Substr UnicodeDecode UnicodeEncode
UnicodeTranscode UnsortedSegmentJoin
"""

_RAGGED = """
RaggedBincount RaggedGather RaggedRange RaggedTensorFromVariant RaggedTensorToSparse
RaggedTensorToTensor RaggedTensorToVariant SparseFillEmptyRows SparseReshape SparseToDense
"""

ALLOWED = CHECKPOINT.union(
    {TABLE_FROM_FILE},
    *(group.split() for group in (_STATE, _CONTROL, _SHAPES, _NUMBERS, _TEXTS, _RAGGED)),
)
"""All others are refused."""
