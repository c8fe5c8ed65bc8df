// Everything that the page says, in English and Chinese.

const EN = {
  language: "English", skip: "Skip to the content", pages: "Pages", privacy: "Everything stays on this machine.",
  nav_ad: "Ad", nav_file: "File", nav_review: "Review", nav_occupations: "Occupations",
  theme_auto: "Theme: as the system", theme_light: "Theme: light", theme_dark: "Theme: dark",
  white: "White", blue: "Blue", gray: "Gray", unclear: "Unclear",
  whiteCollar: "White collar", blueCollar: "Blue collar", grayCollar: "Gray collar", unclearCollar: "Unclear",
  academic: "academic", hands_on: "hands-on", lowers: "lowers the score",
  academicScore: "Academic credential", handsOnScore: "Hands-on skill",
  axisAcademic: "academic credential →", axisHandsOn: "hands-on skill →",
  planeLabel: (n) => `The plane of two scores, academic credential to the right and hands-on skill upwards, with ${n} occupations. The page Occupations lists them.`,
  required: "required", preferred: "preferred", substitutable: "or experience", not_needed: "not needed",
  schooling: "schooling", certificate: "certificate", licence: "licence", skill_grade: "skill grade", experience: "experience",
  basic: "basic schooling", secondary: "secondary school", associate: "associate degree or diploma", bachelor: "bachelor’s degree", graduate: "graduate degree",
  years: (n) => (n === 1 ? "1 year" : `${n} years`),
  adHead: "Which label?", adTitle: "Job title", adText: "Paste a job ad, or leave this empty and give a title alone.",
  adTextLabel: "Job ad", examples: "Examples", clear: "Clear", copyLink: "Copy link", copyJson: "Copy JSON", copied: "Copied",
  nameFirst: "Give your name or initials first, so that your labels can be told from those of others.", reading: "Reading …", linkNote: "The link holds the ad itself, behind #, which no browser sends to a server.",
  waiting: "Each dot is one of 923 occupations, placed by what its typical ad asks for. Yours will appear among them.",
  sure: (p) => `${p} sure`, why: "Why", theAd: "The ad, as it was read", asks: "What it asks for", asksNothing: "No schooling, certificate or experience is stated.",
  near: "Nearest occupations", similarity: (p) => `${p} alike`, other: "Under another definition",
  basis_ad: "Judged from the ad", basis_title: "Judged from the title", basis_occupation: "Judged from the occupation",
  tooLong: (n) => `The ad has more than ${n} characters; the page shows its beginning. It was read whole.`,
  showTints: "Tint the words that decided",
 
  occHead: "Occupations", occLead: (n) => `${n} occupations of O*NET-SOC 2019, each rated from 0 to 4 by what a typical ad asks for.`,
  search: "Title or code", searchHint: "web designer, 17-3024, 电焊工", allLabels: "All", found: (n, all) => (n === all ? `${n} occupations` : `${n} of ${all}`),
  code: "O*NET-SOC", isco: "ISCO-08", csco: "CSCO-2022", label: "Label", titlesEn: "Titles", titlesZh: "Chinese titles", reason: "Reason",
  more: (n) => `Show ${n} more`, none: "Nothing found. Try fewer letters.", nearOnes: "No title has these words; these are the nearest:",
  by: (model, version) => `${model} · collarclass ${version}`, api: "Interface for programs",
  down: "The server does not answer any more. Start it again with “collarclass app”.",
  fileHead: "Label a file", fileLead: "CSV, Excel, JSON Lines or Parquet, as large as your disk allows. It is worked on in a private folder on this machine and removed when you close the program.",
  drop: "Drop a file here", choose: "or choose one", sending: "Copying", columnsHead: "What was recognised",
  column: "Column", use: "Read as", asNothing: "—", rowsShown: (n) => `the first ${n} rows`,
  start: "Label", cancel: "Cancel", again: "Another file", remove: "Remove", ready: "Ready", queued: "Waiting for another file", running: "Labelling", done: "Labelled", cancelled: "Cancelled", failedJob: "Stopped",
  rowsDone: (n) => (n === "1" ? "1 ad" : `${n} ads`), perSecond: (n) => `${n} a second`, left: (time) => `about ${time} left`, seconds: (n) => `${n} s`, minutes: (n) => `${n} min`,
  download: "Download the labelled file", downloadReport: "Download the report", outFormat: "Format", sameFormat: "As it came", definition: "Definition", words: "Name the words that decided",
  shares: "Shares", counted: "Counted", corrected: "Corrected", correct: "Correct them with annotated ads", correctLead: "Drop a file of annotated ads (from Review, or from “collarclass sample”). The shares are then corrected for the model’s errors, with 95 % intervals.",
  onPlane: (n, of) => `${n} of ${of} ads, by their scores`, interval: (a, b) => `${a} to ${b}`, toReview: "Review a sample of it",
  reviewHead: "Review by hand", reviewLead: "Read ads and label them with one key each. The labels correct the shares of a file, and can train a model.",
  reviewDrop: "A labelled file, a sample, or a review to resume", sampleSize: "How many ads", annotator: "Your name or initials", begin: "Begin",
  undo: "Undo", skipAd: "Skip", tint: "Tint", progress: (n, of) => `${n} of ${of}`,
  reviewDone: "All ads are labelled.", saveReview: "Save the review", saveLabels: "Labels so far", saveLater: "Save to resume later", leave: "Another review", saved: "Kept on this machine: you can go on after the program was closed.",
  agreement: "Agreement with a second annotator", agreementLead: "Drop the review that another person saved of the same ads.", different: "Labelled differently", you: "You", other2: "Second", kappa: "Cohen’s kappa", alike: "Same label", n: "Ads in both",
  usefulFirst: "The ads that make the shares exact soonest come first: one of every kind, then more of those that are common and that the model is unsure of. Your own labels do not change the order. You can stop at any ad: the shares weigh what you have read by kind, and only their interval is wider.",
  orderHead: "Why this ad now?", stopped: "Shares from these labels are valid although not all ads are labelled.",
  modelSays: "The model’s label stays hidden, so that it does not sway you.", resumed: (n) => `Resumed with ${n} labels.`,
  as_title: "Title", as_text: "Text", as_code: "Occupation code", as_date: "Date", as_group: "Group",
  records: "List of ads in the file", recordsNote: "by the names that lead to it", sheet: "Sheet", headerRow: "Column names in row", skipRows: "Rows to skip below", optionsHead: "How to label it", profileHead: "What the file holds",
  chooseColumn: "Choose the column that holds the ads, or that of the titles.", looking: "Looking through the file …", firstRows: "the first ones of more",
  figureRows: "Rows", figureEmpty: "Without a text", figureUntitled: "Without a title", figureLanguages: "Languages", figureRepeated: "Repeated ads", figureDates: "Dates", figureOdd: "Odd rows",
  undated: (n) => `${n} without`, oddRows: "Which rows, and why", lang_en: "English", lang_zh: "Chinese", rowOf: (n) => `Row ${n}`,
  leastSure: "Least confidence, %", leastSureNote: "a label less sure than that becomes unclear", fileGone: "This file is no longer here: files are removed when the program ends. Hand it in again.",
  def_article: "Both: schooling and skill", def_middle: "Broad: between white and blue", "def_dual-certificate": "Two certificates: academic and vocational", def_occupation: "By occupation: the title alone",
  rowsHead: "The ads", searchAds: "Search titles and texts", rowsOf: (n, all) => `${n} of ${all} ads`, filters: "Filters", everything: "Show all", copyView: "Copy link to this view", downloadPart: "Download these rows", downloadAll: "Download as CSV",
  moreValues: (n) => `${n} more`, noTitle: "(no title)", orSecond: (label) => `or ${label.toLowerCase()}`,
  facet_row: "Row", facet_title: "Title", facet_collar: "Label", facet_schooling_level: "Schooling", facet_certificates: "Certificates", facet_month: "Month", facet_collar_note: "Notes", facet_confidence: "Confidence", facet_corrected_label: "Your label",
  "sure_0.0": "near the line, below 60%", "sure_0.6": "60 to 80%", "sure_0.8": "80 to 95%", "sure_0.95": "95% and more",
  unstated: "not stated", before: "Previous", behind: "Next", close: "Close", yourLabel: "Your label", yourLabelNote: "Kept beside the model’s label, and in what you download from here.", takenBack: "Taken back", everyCell: "All columns of the row",
  "note_empty text": "empty text", "note_too little text to judge": "too little text to judge", "note_language not known to the model": "language not known to the model", "note_the title names no job that the model knows": "the title names no job that the model knows", "note_the code stands for no occupation that is known": "the code stands for no occupation that is known", "note_near the line": "near the line", "note_does not say what the work is": "does not say what the work is",
  picturesHead: "Pictures", pictureWhat: "Picture", pictureBy: "By", pictureFirst: "First group", pictureSecond: "Second group", everyGroup: "(all groups)",
  what_shares: "Shares", what_plane: "The plane of both scores", what_schooling: "Schooling asked for", what_certificates: "Certificates asked for",
  by_: "all ads together", by_month: "month", by_quarter: "quarter", by_year: "year", drawing: "Drawing …", methodsHead: "For the methods section", numbers: "The numbers",
  saveSvg: "Download SVG", savePng: "Download PNG", copyMethods: "Copy the paragraph", group: "Group", ads: "Ads", share: "Share", from: "From", to: "To", noInterval: "no interval", difference: "Difference", points: (n) => `${n} points`,
  compareWith: (name) => `Compare with ${name}`, backToFile: (name) => `Back to ${name}, to correct its shares`, useReviews: "Correct the shares with these labels",
  compare: "Compare", compareHead: "Beside each other", oneMore: "Choose “Compare” at another ad or occupation.", emptyTray: "Empty", seenHead: "Looked at before",
  "certificate_unnamed certificate": "unnamed certificate", "certificate_unnamed licence": "unnamed licence", "certificate_unnamed skill grade": "unnamed skill grade",
};

const ZH = {
  language: "中文", skip: "跳到正文", pages: "页面", privacy: "所有内容都只留在这台电脑上。",
  nav_ad: "招聘广告", nav_file: "文件", nav_review: "标注", nav_occupations: "职业",
  theme_auto: "主题：跟随系统", theme_light: "主题：浅色", theme_dark: "主题：深色",
  white: "白领", blue: "蓝领", gray: "灰领", unclear: "无法判断",
  whiteCollar: "白领", blueCollar: "蓝领", grayCollar: "灰领", unclearCollar: "无法判断",
  academic: "学历资质", hands_on: "动手技能", lowers: "拉低得分",
  academicScore: "学历资质", handsOnScore: "动手技能",
  axisAcademic: "学历资质 →", axisHandsOn: "动手技能 →",
  planeLabel: (n) => `两项得分的平面：向右为学历资质，向上为动手技能，其中有 ${n} 个职业；“职业”页面有完整列表。`,
  required: "必备", preferred: "优先", substitutable: "或以经验代替", not_needed: "不要求",
  schooling: "学历", certificate: "证书", licence: "执照", skill_grade: "技能等级", experience: "经验",
  basic: "初中及以下", secondary: "高中或中专", associate: "大专", bachelor: "本科", graduate: "研究生",
  years: (n) => `${n} 年`,
  adHead: "白领、蓝领，还是灰领？", adTitle: "职位名称", adText: "请粘贴一则招聘广告；也可以只填写职位名称。",
  adTextLabel: "招聘广告", examples: "示例", clear: "清空", copyLink: "复制链接", copyJson: "复制 JSON", copied: "已复制",
  nameFirst: "请先填写您的姓名或缩写，以便与其他人的标注区分。", reading: "正在判断……", linkNote: "链接中 # 之后是招聘广告全文，浏览器不会把这一部分发送给任何服务器。",
  waiting: "图中每个点代表 923 个职业中的一个，位置取决于该职业典型招聘广告的要求。您输入的招聘广告会显示在其中。",
  sure: (p) => `把握程度 ${p}`, why: "理由", theAd: "原文与依据", asks: "写明的要求", asksNothing: "没有写明学历、证书或经验要求。",
  near: "最接近的职业", similarity: (p) => `相似度 ${p}`, other: "按其他定义",
  basis_ad: "根据招聘广告判断", basis_title: "根据职位名称判断", basis_occupation: "根据职业判断",
  tooLong: (n) => `招聘广告超过 ${n} 字，页面只显示开头部分；判断依据的是全文。`,
  showTints: "标出起作用的词语",
 
  occHead: "职业", occLead: (n) => `O*NET-SOC 2019 的 ${n} 个职业，按典型招聘广告的要求，两项各评 0 至 4 分。`,
  search: "名称或代码", searchHint: "电焊工、17-3024、web designer", allLabels: "全部", found: (n, all) => (n === all ? `${n} 个职业` : `${all} 个中的 ${n} 个`),
  code: "O*NET-SOC", isco: "ISCO-08", csco: "职业大典 2022", label: "类别", titlesEn: "英文名称", titlesZh: "中文名称", reason: "理由",
  more: (n) => `再显示 ${n} 个`, none: "没有找到，请减少关键字。", nearOnes: "没有完全匹配的名称，以下最为接近：",
  by: (model, version) => `${model} · collarclass ${version}`, api: "程序接口",
  down: "程序没有响应，请重新运行“collarclass app”。",
  fileHead: "判断整个文件", fileLead: "支持 CSV、Excel、JSON Lines 和 Parquet，文件大小只受磁盘空间限制。文件在这台电脑的私有文件夹中处理，程序关闭后即删除。",
  drop: "把文件拖到这里", choose: "或选择文件", sending: "正在复制", columnsHead: "各列的用途",
  column: "列", use: "用作", asNothing: "—", rowsShown: (n) => `前 ${n} 行`,
  start: "开始判断", cancel: "取消", again: "换一个文件", remove: "删除", ready: "就绪", queued: "排队等待", running: "正在判断", done: "已完成", cancelled: "已取消", failedJob: "已停止",
  rowsDone: (n) => `${n} 条招聘广告`, perSecond: (n) => `每秒 ${n} 条`, left: (time) => `约剩 ${time}`, seconds: (n) => `${n} 秒`, minutes: (n) => `${n} 分钟`,
  download: "下载结果", downloadReport: "下载报告", outFormat: "结果格式", sameFormat: "与原文件相同", definition: "采用的定义", words: "列出起作用的词语",
  shares: "各类占比", counted: "直接计数", corrected: "校正后", correct: "用人工标注校正", correctLead: "拖入人工标注的文件（由“标注”页面或“collarclass sample”得到），即可校正模型误差，并给出 95% 置信区间。",
  onPlane: (n, of) => `${of} 条招聘广告中的 ${n} 条，按得分定位`, interval: (a, b) => `${a} 至 ${b}`, toReview: "抽样并人工标注",
  reviewHead: "人工标注", reviewLead: "逐条阅读招聘广告，按一个键给出类别。标注结果可用来校正各类占比，也可用来训练模型。",
  reviewDrop: "已判断的文件、抽样文件，或尚未完成的标注", sampleSize: "抽取条数", annotator: "您的姓名或缩写", begin: "开始",
  undo: "撤销", skipAd: "跳过", tint: "标出词语", progress: (n, of) => `${n} / ${of}`,
  reviewDone: "全部标注完毕。", saveReview: "保存标注", saveLabels: "已有标注", saveLater: "保存以便继续", leave: "另一次标注", saved: "标注保存在这台电脑上，程序重启后仍可继续。",
  agreement: "与第二位标注者的一致性", agreementLead: "拖入另一位标注者对同一批招聘广告的标注。", different: "标注不一致的招聘广告", you: "您", other2: "第二位", kappa: "Cohen κ", alike: "类别一致", n: "共同标注条数",
  usefulFirst: "最能提高占比精度的招聘广告排在前面：先是每一类各一条，然后是数量多、模型又没有把握的类别。顺序不受您的标注影响。您可以随时停下：占比会按类别对已读的招聘广告加权，不会因此偏高或偏低，只是区间较宽。",
  orderHead: "为什么先看这一条？", stopped: "虽未全部标注，用这些标注校正的占比依然有效。",
  modelSays: "标注时不显示模型的结果，以免影响您的判断。", resumed: (n) => `已恢复 ${n} 个标注。`,
  as_title: "职位名称", as_text: "正文", as_code: "职业代码", as_date: "日期", as_group: "分组",
  records: "文件中的招聘广告列表", recordsNote: "由外到内的字段名", sheet: "工作表", headerRow: "列名所在行", skipRows: "其下跳过行数", optionsHead: "判断设置", profileHead: "文件概况",
  chooseColumn: "请选择招聘广告所在的列，或职位名称所在的列。", looking: "正在查看文件……", firstRows: "仅前若干行",
  figureRows: "行数", figureEmpty: "无正文", figureUntitled: "无职位名称", figureLanguages: "语言", figureRepeated: "重复的招聘广告", figureDates: "日期范围", figureOdd: "异常行",
  undated: (n) => `${n} 行无日期`, oddRows: "哪些行，什么问题", lang_en: "英文", lang_zh: "中文", rowOf: (n) => `第 ${n} 行`,
  leastSure: "最低把握程度（%）", leastSureNote: "低于此值的结果改为“无法判断”", fileGone: "文件已不在：程序关闭后文件即被删除。请重新拖入。",
  def_article: "文章的定义：学历与技能兼备", def_middle: "宽泛定义：介于白领与蓝领之间", "def_dual-certificate": "双证定义：学历证书加职业证书", def_occupation: "职业定义：只看职位名称",
  rowsHead: "全部招聘广告", searchAds: "搜索职位名称和正文", rowsOf: (n, all) => `${all} 条招聘广告中的 ${n} 条`, filters: "筛选", everything: "显示全部", copyView: "复制当前视图的链接", downloadPart: "下载这些行", downloadAll: "下载 CSV",
  moreValues: (n) => `另外 ${n} 个`, noTitle: "（无职位名称）", orSecond: (label) => `或${label}`,
  facet_row: "行", facet_title: "职位名称", facet_collar: "类别", facet_schooling_level: "学历", facet_certificates: "证书", facet_month: "月份", facet_collar_note: "备注", facet_confidence: "把握程度", facet_corrected_label: "您的判断",
  "sure_0.0": "处于分界附近，低于 60%", "sure_0.6": "60% 至 80%", "sure_0.8": "80% 至 95%", "sure_0.95": "95% 及以上",
  unstated: "未写明", before: "上一条", behind: "下一条", close: "关闭", yourLabel: "您的判断", yourLabelNote: "与模型的结果分开保存，从此处下载时一并列出。", takenBack: "已撤回", everyCell: "该行所有列",
  "note_empty text": "正文为空", "note_too little text to judge": "文字太少，无法判断", "note_language not known to the model": "模型不认识的语言", "note_the title names no job that the model knows": "职位名称不是已知职业", "note_the code stands for no occupation that is known": "职业代码未知", "note_near the line": "处于分界附近", "note_does not say what the work is": "未说明工作内容",
  picturesHead: "图表", pictureWhat: "内容", pictureBy: "按", pictureFirst: "第一组", pictureSecond: "第二组", everyGroup: "（所有组）",
  what_shares: "各类占比", what_plane: "两项得分的平面", what_schooling: "要求的学历", what_certificates: "要求的证书",
  by_: "全部合计", by_month: "月", by_quarter: "季度", by_year: "年", drawing: "正在绘制……", methodsHead: "用于论文的方法部分", numbers: "数据",
  saveSvg: "下载 SVG", savePng: "下载 PNG", copyMethods: "复制这段文字", group: "组", ads: "条数", share: "占比", from: "下限", to: "上限", noInterval: "无区间", difference: "差", points: (n) => `${n} 个百分点`,
  compareWith: (name) => `与 ${name} 对比`, backToFile: (name) => `回到 ${name}，校正各类占比`, useReviews: "用这些标注校正各类占比",
  compare: "加入对比", compareHead: "对比", oneMore: "请在另一则招聘广告或另一个职业处点击“加入对比”。", emptyTray: "清空对比", seenHead: "看过的招聘广告",
  "certificate_unnamed certificate": "未写明名称的证书", "certificate_unnamed licence": "未写明名称的执照", "certificate_unnamed skill grade": "未写明工种的技能等级",
};

export const WORDS = { en: EN, zh: ZH };
let lang = "en";

/** A word or sentence in the chosen language. */
export function t(name, ...values) {
  const word = WORDS[lang][name] ?? name;
  return typeof word === "function" ? word(...values) : word;
}
/** The name of an occupation in the chosen language. */
t.title = (row) => (lang === "zh" && row.titles_zh ? row.titles_zh.split("; ")[0] : row.title);
t.language = () => lang;
t.has = (name) => name in WORDS[lang];
t.number = (n) => new Intl.NumberFormat(lang).format(n);
t.percent = (share, digits = 0) =>
  new Intl.NumberFormat(lang, { style: "percent", maximumFractionDigits: digits, minimumFractionDigits: digits }).format(share);

/** Choose "en" or "zh". */
export function speak(chosen) {
  lang = chosen in WORDS ? chosen : "en";
  document.documentElement.lang = lang === "zh" ? "zh-CN" : "en";
}
