/**
 * Numbers of the kernels and activations: shared by the kernels and by the compiler of graphs (src/engine/wasm).
 * An instruction is `[op, words, …arguments]` of 32 bits each.
 */
export enum Op {
  Gemm = 0,
  Convolution = 1,
  MultipliedDepthwise = 2,
  ScaleShift = 3,
  Activate = 4,
  Binary = 5,
  CopyBox = 6,
  Pool = 7,
  Resize = 8,
  Mean = 9,
  Softmax = 10,
  WeightedSum = 11,
  Maxout = 12,
  Shuffle = 13,
  ArgmaxOneHot = 14,
  CrossEntropy = 15,
  SlidingDepthwise = 19,
  Winograd = 20,
  // In the binary of quantised networks alone.
  Quantize = 16,
  Int8Gemm = 17,
  Int8Convolution = 18,
  // Inference only.
  DirectGemm = 24,
  DirectConvolution = 25,
  DirectDepthwise = 26,
  // Training only from here on.
  Fill = 32,
  LoadBatch = 33,
  StoreBatch = 34,
  StoreShard = 35,
  Pack = 36,
  GemmWeightGradient = 37,
  ConvolutionWeightGradient = 38,
  ConvolutionDataGradient = 39,
  DepthwiseWeightGradient = 40,
  DepthwiseDataGradient = 41,
  FlipTaps = 42,
  Moments = 43,
  NormalizeReduce = 44,
  NormalizeGradient = 45,
  ActivateGradient = 46,
  BinaryGradient = 47,
  PoolGradient = 48,
  ResizeGradient = 49,
  MeanGradient = 50,
  SoftmaxGradient = 51,
  WeightedSumGradient = 52,
  MaxoutGradient = 53,
  ShuffleGradient = 54,
  Dropout = 55,
  Gumbel = 56,
  ColumnSums = 57,
  SlidingWeightGradient = 58,
  SlidingDataGradient = 59,
  WinogradWeights = 60,
  WinogradWeightGradient = 61,
  Depthwise1x3 = 62,
  Depthwise1x3WeightGradient = 63,
  Depthwise = 64,
}

export enum Act {
  None = 0,
  Relu = 1,
  Relu6 = 2,
  LeakyRelu = 3,
  Elu = 4,
  Silu = 5,
  Softplus = 6,
  HardSwish = 7,
  Sigmoid = 8,
  HardSigmoid = 9,
  Mish = 10,
}

export enum Binary {
  Add = 0,
  Multiply = 1,
  Maximum = 2,
}

/** Of maps that norms take line by line. */
export enum Norm {
  /** Numbers that a line of an uncut map has at least, so that a sum is long done when the next line adds to it. */
  Line = 64,
}
