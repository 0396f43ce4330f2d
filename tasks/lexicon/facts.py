"""Words and public facts written down by hand: what the packages lack, spell otherwise, or have out of date."""

MORE_NOUNS = ["cat", "foot", "leaf", "knife", "wolf", "child", "man", "woman", "tooth", "goose", "baby", "box", "bush", "wish", "dish", "watch", "kiss", "dress", "class", "church", "beach", "branch", "match", "fly", "party", "country", "army", "berry", "body", "lady", "wife", "life", "half", "calf", "bus", "glass", "brush", "dog", "house", "horse", "tree", "flower", "window", "bottle", "road", "letter", "ball", "bank", "cup", "chair", "table", "song", "book", "king", "queen", "ship", "boat", "farm"]
"""Common nouns that are verbs or adjectives as well."""
MORE_VERBS = ["go", "run", "take", "give", "make", "find", "think", "catch", "fight", "fly", "break", "drive", "ride", "ring", "rise", "shake", "steal", "swim", "throw", "wear", "win", "bite", "blow", "buy", "draw", "drink", "fall", "feed", "freeze", "grow", "hide", "hold", "keep", "lead", "leave", "lend", "meet", "pay", "sell", "shine", "shoot", "sleep", "slide", "stand", "stick", "strike", "swear", "sweep", "swing", "tear", "wake", "build", "burn", "deal", "dig", "light", "lay", "shut", "speed", "spin", "walk", "talk", "play", "work", "help", "call", "look", "start", "stop", "open", "jump", "kick", "push", "pull", "wash", "clean", "cook", "dance", "smile", "laugh", "love", "hate", "plan", "drop", "shop", "hope", "move", "live", "use", "change", "close", "cry", "try", "study", "worry", "hurry", "dry", "travel", "visit", "plant", "paint", "rain", "snow", "wait", "want", "need"]
"""Common verbs that are nouns or adjectives as well."""
NO_NOUNS = ["pro", "other", "dos", "tor", "bur", "sac", "spoke", "saying", "proceeding", "happening", "happenings", "cutting", "covering", "amp", "tuber", "condom", "killer", "terrorist", "basis", "feat", "fort", "fig", "sect", "ant", "brow", "opt", "tract", "bit", "setting", "finding", "vitamin", "son", "era", "mom", "amp", "micron", "statistic", "whim", "nymph", "wart", "romance", "premium", "capability", "livelihood", "affair", "chore", "stair", "assemblage", "bout", "clipping", "prairie"]
"""Left out: words that stand mostly in the plural, are names of something else, or are no words of a benchmark."""
NO_VERBS = ["have", "unman", "rend", "opt", "log", "lower", "sever", "psych", "rob", "bar", "dub", "found", "please", "hang", "suck", "act", "posit", "embed", "infest"]
NO_ADJECTIVES = ["well", "much", "less", "few", "little", "often", "many", "ill", "far", "able", "prim", "mere", "game", "base", "choice", "right", "wrong", "numb", "cross", "dead", "drunk", "queer", "gay", "hip", "flip", "tan"]

CAPITALS = {
    "United States": "Washington|Washington DC|Washington D.C.|Washington, D.C.|Washington, DC",
    "Kazakhstan": "Astana|Nur-Sultan", "Sri Lanka": "Colombo|Sri Jayawardenepura Kotte|Kotte",
    "Burundi": "Gitega|Bujumbura", "Bolivia": "Sucre|La Paz", "Yemen": "Sanaa|Sana'a", "Myanmar": "Naypyidaw|Nay Pyi Taw",
    "Ukraine": "Kyiv|Kiev", "South Africa": "Pretoria|Cape Town|Bloemfontein", "Tanzania": "Dodoma|Dar es Salaam",
    "Ivory Coast": "Yamoussoukro|Abidjan", "Benin": "Porto-Novo|Cotonou", "Malaysia": "Kuala Lumpur|Putrajaya",
    "Israel": "Jerusalem|Tel Aviv", "Netherlands": "Amsterdam|The Hague", "Switzerland": "Bern|Berne",
    "India": "New Delhi|Delhi", "China": "Beijing|Peking", "Chile": "Santiago|Santiago de Chile|Valparaiso",
    "Nigeria": "Abuja", "Swaziland": "Mbabane|Lobamba", "Equatorial Guinea": "Malabo|Ciudad de la Paz",
    "Montenegro": "Podgorica|Cetinje", "Georgia": "Tbilisi|Tiflis", "Mongolia": "Ulaanbaatar|Ulan Bator",
    "Turkmenistan": "Ashgabat|Ashkhabad", "Iraq": "Baghdad|Bagdad", "Bangladesh": "Dhaka|Dacca",
    "Moldova": "Chișinău|Chisinau|Kishinev", "Colombia": "Bogotá|Santa Fe de Bogotá", "South Korea": "Seoul|Sejong",
    "North Korea": "Pyongyang|P'yongyang", "Maldives": "Malé", "Cyprus": "Nicosia|Lefkosia|Lefkosa",
    "Mexico": "Mexico City|Ciudad de México", "Kuwait": "Kuwait City|Kuwait", "Panama": "Panama City|Panama",
    "Guatemala": "Guatemala City|Guatemala", "Afghanistan": "Kabul", "Eritrea": "Asmara|Asmera",
    "Lebanon": "Beirut|Beyrouth", "Azerbaijan": "Baku|Baki", "Iceland": "Reykjavík|Reykjavik", "Nepal": "Kathmandu|Katmandu",
}  # fmt: skip
"""Capitals that have more than one name or seat, or that moved; they stand in place of the package's."""
STATES = dict(
    pair.split(":") for pair in ["Alabama:Montgomery", "Alaska:Juneau", "Arizona:Phoenix", "Arkansas:Little Rock", "California:Sacramento", "Colorado:Denver", "Connecticut:Hartford", "Delaware:Dover", "Florida:Tallahassee", "Hawaii:Honolulu", "Idaho:Boise", "Illinois:Springfield", "Iowa:Des Moines", "Kansas:Topeka", "Kentucky:Frankfort", "Louisiana:Baton Rouge", "Maine:Augusta", "Maryland:Annapolis", "Massachusetts:Boston", "Michigan:Lansing", "Minnesota:Saint Paul|St. Paul|St Paul", "Mississippi:Jackson", "Missouri:Jefferson City", "Montana:Helena", "Nebraska:Lincoln", "Nevada:Carson City", "New Hampshire:Concord", "New Jersey:Trenton", "New Mexico:Santa Fe", "New York:Albany", "North Carolina:Raleigh", "North Dakota:Bismarck", "Ohio:Columbus", "Oregon:Salem", "Pennsylvania:Harrisburg", "Rhode Island:Providence", "South Carolina:Columbia", "South Dakota:Pierre", "Tennessee:Nashville", "Texas:Austin", "Utah:Salt Lake City", "Vermont:Montpelier", "Virginia:Richmond", "West Virginia:Charleston", "Wisconsin:Madison", "Wyoming:Cheyenne"]
)  # fmt: skip
"""States of the United States; Georgia, Indiana, Oklahoma and Washington are left out, whose names give or share it."""

DEMONYMS = {
    "Argentina": "Argentine|Argentinian|Argentinean", "Afghanistan": "Afghan|Afghani", "Uzbekistan": "Uzbek|Uzbekistani",
    "Kazakhstan": "Kazakh|Kazakhstani", "Tajikistan": "Tajik|Tajikistani|Tadzhik", "Kyrgyzstan": "Kyrgyz|Kirghiz|Kyrgyzstani",
    "Turkmenistan": "Turkmen|Turkmenistani", "Ecuador": "Ecuadorian|Ecuadorean|Ecuadoran",
    "El Salvador": "Salvadoran|Salvadorian|Salvadorean", "Iceland": "Icelandic|Icelander", "Philippines": "Filipino|Philippine|Filipina",
    "Nepal": "Nepali|Nepalese", "Saudi Arabia": "Saudi|Saudi Arabian", "Slovenia": "Slovenian|Slovene",
    "Slovakia": "Slovak|Slovakian", "Laos": "Laotian|Lao", "Spain": "Spanish|Spaniard", "Sweden": "Swedish|Swede",
    "Denmark": "Danish|Dane", "Finland": "Finnish|Finn", "Poland": "Polish|Pole", "Turkey": "Turkish|Turk",
    "United Kingdom": "British|Briton|Brit", "Ireland": "Irish|Irishman|Irishwoman", "France": "French|Frenchman|Frenchwoman",
    "Netherlands": "Dutch|Dutchman|Netherlander|Dutchwoman", "Greece": "Greek|Hellenic", "Serbia": "Serbian|Serb",
    "Croatia": "Croatian|Croat", "Myanmar": "Burmese|Myanmar|Myanmarese", "Madagascar": "Malagasy|Madagascan",
    "Bangladesh": "Bangladeshi|Bengali", "Somalia": "Somali|Somalian", "Yemen": "Yemeni|Yemenite", "Libya": "Libyan",
    "Cyprus": "Cypriot|Cyprian", "Jamaica": "Jamaican", "Monaco": "Monegasque|Monacan", "Panama": "Panamanian",
    "Bulgaria": "Bulgarian|Bulgar", "Czech Republic": "Czech", "Scotland": "Scottish|Scot|Scots|Scotsman",
    "Ivory Coast": "Ivorian|Ivoirian", "United States": "American|US|U.S.|Yankee", "Mongolia": "Mongolian|Mongol",
    "Iran": "Iranian|Persian", "Belarus": "Belarusian|Belarusan|Belarussian", "Hungary": "Hungarian|Magyar",
    "Romania": "Romanian|Rumanian|Roumanian", "Kuwait": "Kuwaiti", "Barbados": "Barbadian|Bajan", "Malta": "Maltese",
    "Oman": "Omani", "Azerbaijan": "Azerbaijani|Azeri", "Kosovo": "Kosovar|Kosovan", "Portugal": "Portuguese",
    "New Zealand": "New Zealander|Kiwi", "Maldives": "Maldivian|Maldivan", "Wales": "Welsh|Welshman|Welshwoman",
    "England": "English|Englishman|Englishwoman", "Bahamas": "Bahamian", "Benin": "Beninese|Beninois",
    "Burkina Faso": "Burkinabe|Burkinabè", "Suriname": "Surinamese|Surinamer", "Mozambique": "Mozambican|Mozambiquan",
    "Israel": "Israeli", "Thailand": "Thai", "Vietnam": "Vietnamese|Viet", "Bosnia and Herzegovina": "Bosnian|Herzegovinian|Bosniak",
    "Latvia": "Latvian|Lett", "Estonia": "Estonian", "Qatar": "Qatari", "Trinidad and Tobago": "Trinidadian|Tobagonian|Trini",
    "Ethiopia": "Ethiopian", "Eritrea": "Eritrean", "Switzerland": "Swiss", "Luxembourg": "Luxembourgish|Luxembourger",
}  # fmt: skip
"""Words for what or who is from a country, where there are more than the one that the package has."""
NO_DEMONYM = ["Botswana", "Lesotho", "Swaziland", "Republic of Macedonia", "Guinea-Bissau", "Djibouti", "Réunion", "Macau", "Hong Kong", "Guadeloupe", "Martinique", "Serbia and Montenegro", "Palestine", "Puerto Rico", "Comoros", "East Timor", "The Bahamas", "The Gambia", "Vanuatu", "Mayotte", "French Polynesia", "New Caledonia", "Western Sahara", "Central African Republic", "Papua New Guinea", "Solomon Islands", "Democratic Republic of the Congo", "Republic of the Congo", "Dominican Republic", "United Arab Emirates", "Cape Verde"]
"""Left out: names and words that are disputed, shared, or not to be expected of anybody."""
NO_CAPITAL = ["Serbia and Montenegro", "Singapore", "Djibouti", "Luxembourg", "Hong Kong", "Macau", "Palestine", "Western Sahara", "Réunion", "Guadeloupe", "Martinique", "Mayotte", "French Polynesia", "New Caledonia", "The Bahamas", "The Gambia", "Republic of Macedonia", "Kuwait", "Panama", "Guatemala", "Mexico", "Tunisia", "Algeria", "San Marino", "Monaco", "Swaziland", "Bosnia and Herzegovina"]
"""Left out: capitals that the question gives away, and countries whose capital or name is disputed or changed."""

FEMALE = (
    "king:queen prince:princess man:woman boy:girl father:mother son:daughter brother:sister uncle:aunt husband:wife "
    "nephew:niece grandfather:grandmother grandson:granddaughter actor:actress waiter:waitress host:hostess god:goddess "
    "hero:heroine duke:duchess emperor:empress lord:lady|dame gentleman:lady|gentlewoman bull:cow rooster:hen "
    "stallion:mare ram:ewe lion:lioness tiger:tigress wizard:witch monk:nun bachelor:spinster|bachelorette "
    "groom:bride widower:widow landlord:landlady policeman:policewoman steward:stewardess heir:heiress "
    "fisherman:fisherwoman salesman:saleswoman businessman:businesswoman stepfather:stepmother boyfriend:girlfriend "
    "count:countess baron:baroness priest:priestess masseur:masseuse drake:duck gander:goose stag:doe|hind "
    "buck:doe boar:sow mayor:mayoress postman:postwoman male:female dad:mom|mum|mam daddy:mommy|mummy grandpa:grandma"
)
"""Who or what is male, and the same as female."""
