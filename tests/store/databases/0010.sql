BEGIN TRANSACTION;
CREATE TABLE api_keys (
	id VARCHAR(32) NOT NULL, 
	hash VARCHAR(64) NOT NULL, 
	label TEXT NOT NULL, 
	created DOUBLE NOT NULL, 
	expires DOUBLE, 
	revoked DOUBLE, 
	limits TEXT NOT NULL, 
	CONSTRAINT pk_api_keys PRIMARY KEY (id)
);
CREATE TABLE branchwise_schema (
	version_num VARCHAR(32) NOT NULL, 
	CONSTRAINT branchwise_schema_pkc PRIMARY KEY (version_num)
);
INSERT INTO "branchwise_schema" VALUES('0010');
CREATE TABLE calls (
	run_id VARCHAR(64) NOT NULL, 
	"key" VARCHAR(640) NOT NULL, 
	attempt INTEGER NOT NULL, 
	state VARCHAR(32) NOT NULL, 
	kind VARCHAR(32) NOT NULL, 
	model TEXT NOT NULL, 
	strategy VARCHAR(128) NOT NULL, 
	round INTEGER, 
	node VARCHAR(512), 
	epoch INTEGER NOT NULL, 
	request_hash VARCHAR(64) NOT NULL, 
	request TEXT NOT NULL, 
	response TEXT, 
	error TEXT, 
	calls INTEGER NOT NULL, 
	prompt_tokens INTEGER NOT NULL, 
	cached_tokens INTEGER NOT NULL, 
	completion_tokens INTEGER NOT NULL, 
	seconds DOUBLE NOT NULL, 
	cost DOUBLE NOT NULL, 
	started DOUBLE NOT NULL, 
	ended DOUBLE, 
	samples INTEGER NOT NULL, 
	estimated INTEGER DEFAULT '0' NOT NULL, 
	unpriced INTEGER DEFAULT '0' NOT NULL, 
	CONSTRAINT pk_calls PRIMARY KEY (run_id, "key", attempt), 
	CONSTRAINT fk_calls_runs FOREIGN KEY(run_id) REFERENCES runs (id) ON DELETE CASCADE
);
INSERT INTO "calls" VALUES('20261130-232426-7af10f78','t0/constraints',1,'done','model','scripted:script','',NULL,NULL,1,'78c023cf0fc84d3436f000ac5adabba0237c79c535a6649b42cb93320965c55d','{"logprobs":false,"messages":[{"content":{"$text":"245e1fe9e55cd189c65286cf3fd7828d"},"role":"user"}],"n":1,"prefix":"","seed":null,"shape":{"choices":[],"max_tokens":512,"regex":null,"schema":null,"stop":[]},"temperature":0.0,"top_p":1.0,"version":1}','{"prompt_estimate":106,"samples":[{"choices":null,"error":null,"finish":"stop","logprob":null,"text":"It is 0.\nAnswer: 0","tokens":5}],"usage":{"cached_tokens":0,"calls":1,"completion_tokens":5,"cost":0.0,"estimated":0,"prompt_tokens":48,"samples":1,"seconds":0.0,"unpriced":0},"version":1}',NULL,1,48,0,5,0.0,0.0,1.79608106631300163272e+09,1.79608106631799030296e+09,1,0,0);
INSERT INTO "calls" VALUES('20261130-232426-7af10f78','t1/r1/0/0/propose',1,'done','model','scripted:script','',1,'0',1,'7eadd65fd049a218bd6babd47276f7e3679436c0d03848dfd24c60ae408a9525','{"logprobs":true,"messages":[{"content":"What is the answer?\n\nKeep to these requirements:\n\n\nThink step by step. Write each step as one paragraph. End with a line that begins with \"Answer:\".","role":"user"}],"n":3,"prefix":"","seed":637354538,"shape":{"choices":[],"max_tokens":1024,"regex":null,"schema":null,"stop":[]},"temperature":0.7,"top_p":1.0,"version":1}','{"prompt_estimate":65,"samples":[{"choices":null,"error":null,"finish":"stop","logprob":-5.0,"text":"It is 33.\nAnswer: 33","tokens":5},{"choices":null,"error":null,"finish":"stop","logprob":-5.0,"text":"It is 34.\nAnswer: 34","tokens":5},{"choices":null,"error":null,"finish":"stop","logprob":-5.0,"text":"It is 35.\nAnswer: 35","tokens":5}],"usage":{"cached_tokens":0,"calls":1,"completion_tokens":15,"cost":0.0,"estimated":0,"prompt_tokens":26,"samples":3,"seconds":0.0,"unpriced":0},"version":1}',NULL,1,26,0,15,0.0,0.0,1.79608106632398509977e+09,1.79608106632599687571e+09,3,0,0);
INSERT INTO "calls" VALUES('20261130-232426-7af10f78','t1/r1/d68e7e594b0b154953f7b533/verify',1,'done','model','scripted:script','',1,NULL,1,'cc241f29f920cfef648023aec61a9aec70ac78a1b95fe7f76f42cac1b4e814d6','{"logprobs":false,"messages":[{"content":{"$text":"5e1673952e6704995f089a1c9b0dc02e"},"role":"user"}],"n":1,"prefix":"","seed":null,"shape":{"choices":[],"max_tokens":300,"regex":"[^\\n]{1,400}\\nScore: (-?[0-9]{1,2}|-?100)","schema":null,"stop":[]},"temperature":0.0,"top_p":1.0,"version":1}','{"prompt_estimate":137,"samples":[{"choices":null,"error":null,"finish":"stop","logprob":null,"text":"It could be better.\nScore: 40","tokens":6}],"usage":{"cached_tokens":0,"calls":1,"completion_tokens":6,"cost":0.0,"estimated":0,"prompt_tokens":59,"samples":1,"seconds":0.0,"unpriced":0},"version":1}',NULL,1,59,0,6,0.0,0.0,1.79608106633199167247e+09,1.79608106634398102764e+09,1,0,0);
INSERT INTO "calls" VALUES('20261130-232426-7af10f78','t1/r1/a3cf2334812f22b1e29b17e4/verify',1,'done','model','scripted:script','',1,NULL,1,'3bb7dd4c2f39b6ba6d068be7a3915125c750e155c61e0ebb44179fdf1ea6177d','{"logprobs":false,"messages":[{"content":{"$text":"1f60dfd294ef5be47d5d57b8eaf0eb4a"},"role":"user"}],"n":1,"prefix":"","seed":null,"shape":{"choices":[],"max_tokens":300,"regex":"[^\\n]{1,400}\\nScore: (-?[0-9]{1,2}|-?100)","schema":null,"stop":[]},"temperature":0.0,"top_p":1.0,"version":1}','{"prompt_estimate":137,"samples":[{"choices":null,"error":null,"finish":"stop","logprob":null,"text":"It could be better.\nScore: 40","tokens":6}],"usage":{"cached_tokens":0,"calls":1,"completion_tokens":6,"cost":0.0,"estimated":0,"prompt_tokens":59,"samples":1,"seconds":0.0,"unpriced":0},"version":1}',NULL,1,59,0,6,0.0,0.0,1.79608106633199167247e+09,1.79608106634398102764e+09,1,0,0);
INSERT INTO "calls" VALUES('20261130-232426-7af10f78','t1/r1/71ca10e0056acd07a1693833/verify',1,'done','model','scripted:script','',1,NULL,1,'115f8b6c93cac3a4a0dd396aaeb83a40ae1dd23b61c34fb3341e8d51da842218','{"logprobs":false,"messages":[{"content":{"$text":"4d9e426172c603457601c47faa521929"},"role":"user"}],"n":1,"prefix":"","seed":null,"shape":{"choices":[],"max_tokens":300,"regex":"[^\\n]{1,400}\\nScore: (-?[0-9]{1,2}|-?100)","schema":null,"stop":[]},"temperature":0.0,"top_p":1.0,"version":1}','{"prompt_estimate":137,"samples":[{"choices":null,"error":null,"finish":"stop","logprob":null,"text":"It could be better.\nScore: 40","tokens":6}],"usage":{"cached_tokens":0,"calls":1,"completion_tokens":6,"cost":0.0,"estimated":0,"prompt_tokens":59,"samples":1,"seconds":0.0,"unpriced":0},"version":1}',NULL,1,59,0,6,0.0,0.0,1.79608106633199167247e+09,1.79608106634398102764e+09,1,0,0);
INSERT INTO "calls" VALUES('20261130-232426-b9d49608','t0/constraints',1,'done','model','scripted:script','',NULL,NULL,1,'78c023cf0fc84d3436f000ac5adabba0237c79c535a6649b42cb93320965c55d','{"logprobs":false,"messages":[{"content":{"$text":"245e1fe9e55cd189c65286cf3fd7828d"},"role":"user"}],"n":1,"prefix":"","seed":null,"shape":{"choices":[],"max_tokens":512,"regex":null,"schema":null,"stop":[]},"temperature":0.0,"top_p":1.0,"version":1}','{"prompt_estimate":106,"samples":[{"choices":null,"error":null,"finish":"stop","logprob":null,"text":"It is 0.\nAnswer: 0","tokens":5}],"usage":{"cached_tokens":0,"calls":1,"completion_tokens":5,"cost":0.0,"estimated":0,"prompt_tokens":48,"samples":1,"seconds":0.0,"unpriced":0},"version":1}',NULL,1,48,0,5,0.0,0.0,1.79608106637898397445e+09,1.79608106638900184631e+09,1,0,0);
INSERT INTO "calls" VALUES('20261130-232426-b9d49608','t1/r1/0/0/propose',1,'done','model','scripted:script','',1,'0',1,'02df5e81555dc612b5f2024848d84fd7c46a9f7a5c7dfc8687c7be99326aedba','{"logprobs":true,"messages":[{"content":"What is the answer?\n\nKeep to these requirements:\n\n\nThink step by step. Write each step as one paragraph. End with a line that begins with \"Answer:\".","role":"user"}],"n":3,"prefix":"","seed":1122146605,"shape":{"choices":[],"max_tokens":1024,"regex":null,"schema":null,"stop":[]},"temperature":0.7,"top_p":1.0,"version":1}','{"prompt_estimate":65,"samples":[{"choices":null,"error":null,"finish":"stop","logprob":-5.0,"text":"It is 68.\nAnswer: 68","tokens":5},{"choices":null,"error":null,"finish":"stop","logprob":-5.0,"text":"It is 69.\nAnswer: 69","tokens":5},{"choices":null,"error":null,"finish":"stop","logprob":-5.0,"text":"It is 70.\nAnswer: 70","tokens":5}],"usage":{"cached_tokens":0,"calls":1,"completion_tokens":15,"cost":0.0,"estimated":0,"prompt_tokens":26,"samples":3,"seconds":0.0,"unpriced":0},"version":1}',NULL,1,26,0,15,0.0,0.0,1.79608106639499664307e+09,1.79608106639700841906e+09,3,0,0);
INSERT INTO "calls" VALUES('20261130-232426-b9d49608','t1/r1/2bce5afe97c48dd3006f72f4/verify',1,'done','model','scripted:script','',1,NULL,1,'66a6c045f83c2bc6c70059e85491ae8fe3eab912dc64427a471aee794e219242','{"logprobs":false,"messages":[{"content":{"$text":"e95e110a2809f816cc7f60319c99ed01"},"role":"user"}],"n":1,"prefix":"","seed":null,"shape":{"choices":[],"max_tokens":300,"regex":"[^\\n]{1,400}\\nScore: (-?[0-9]{1,2}|-?100)","schema":null,"stop":[]},"temperature":0.0,"top_p":1.0,"version":1}','{"prompt_estimate":137,"samples":[{"choices":null,"error":null,"finish":"stop","logprob":null,"text":"It could be better.\nScore: 40","tokens":6}],"usage":{"cached_tokens":0,"calls":1,"completion_tokens":6,"cost":0.0,"estimated":0,"prompt_tokens":59,"samples":1,"seconds":0.0,"unpriced":0},"version":1}',NULL,1,59,0,6,0.0,0.0,1.79608106640199708943e+09,1.7960810664079918861e+09,1,0,0);
INSERT INTO "calls" VALUES('20261130-232426-b9d49608','t1/r1/86d3c9b6d22f4a2473b74af7/verify',1,'done','model','scripted:script','',1,NULL,1,'fec649b4084414d6a4aa98458c80b5b2f2cbd1a3dd233e07ba64249612e78b57','{"logprobs":false,"messages":[{"content":{"$text":"820831c0838d4fe28d4d42a4789b5f7c"},"role":"user"}],"n":1,"prefix":"","seed":null,"shape":{"choices":[],"max_tokens":300,"regex":"[^\\n]{1,400}\\nScore: (-?[0-9]{1,2}|-?100)","schema":null,"stop":[]},"temperature":0.0,"top_p":1.0,"version":1}','{"prompt_estimate":137,"samples":[{"choices":null,"error":null,"finish":"stop","logprob":null,"text":"It could be better.\nScore: 40","tokens":6}],"usage":{"cached_tokens":0,"calls":1,"completion_tokens":6,"cost":0.0,"estimated":0,"prompt_tokens":59,"samples":1,"seconds":0.0,"unpriced":0},"version":1}',NULL,1,59,0,6,0.0,0.0,1.79608106640199708943e+09,1.7960810664079918861e+09,1,0,0);
INSERT INTO "calls" VALUES('20261130-232426-b9d49608','t1/r1/dd9de22c9c85eef096345a07/verify',1,'done','model','scripted:script','',1,NULL,1,'84557c957ffc865ad1c3988204105490088bbe8e78262707fe3aa1e258848f97','{"logprobs":false,"messages":[{"content":{"$text":"6f6c912f9de809b7e55ac9be25ef9d4b"},"role":"user"}],"n":1,"prefix":"","seed":null,"shape":{"choices":[],"max_tokens":300,"regex":"[^\\n]{1,400}\\nScore: (-?[0-9]{1,2}|-?100)","schema":null,"stop":[]},"temperature":0.0,"top_p":1.0,"version":1}','{"prompt_estimate":137,"samples":[{"choices":null,"error":null,"finish":"stop","logprob":null,"text":"It could be better.\nScore: 40","tokens":6}],"usage":{"cached_tokens":0,"calls":1,"completion_tokens":6,"cost":0.0,"estimated":0,"prompt_tokens":59,"samples":1,"seconds":0.0,"unpriced":0},"version":1}',NULL,1,59,0,6,0.0,0.0,1.79608106640199708943e+09,1.7960810664079918861e+09,1,0,0);
CREATE TABLE charges (
	run_id VARCHAR(64) NOT NULL, 
	api_key VARCHAR(32) NOT NULL, 
	at DOUBLE NOT NULL, 
	tokens BIGINT NOT NULL, 
	cost DOUBLE NOT NULL, 
	settled INTEGER NOT NULL, 
	CONSTRAINT pk_charges PRIMARY KEY (run_id)
);
CREATE TABLE decisions (
	run_id VARCHAR(64) NOT NULL, 
	"key" VARCHAR(640) NOT NULL, 
	ord INTEGER NOT NULL, 
	kind VARCHAR(32) NOT NULL, 
	payload TEXT NOT NULL, 
	CONSTRAINT pk_decisions PRIMARY KEY (run_id, "key"), 
	CONSTRAINT fk_decisions_runs FOREIGN KEY(run_id) REFERENCES runs (id) ON DELETE CASCADE
);
INSERT INTO "decisions" VALUES('20261130-232426-7af10f78','engine',0,'engine','{"name":"scripted:script","capabilities":{"prefix":true,"choices":true,"regex":true,"schema":true,"logprobs":true,"seed":true,"pictures":true,"tools":true,"excludes":false,"scores":true,"many":true}}');
INSERT INTO "decisions" VALUES('20261130-232426-7af10f78','constraints',1,'constraints','{"items":[],"data":{},"source":"none"}');
INSERT INTO "decisions" VALUES('20261130-232426-7af10f78','r1/allocate',2,'allocate','{"0":3}');
INSERT INTO "decisions" VALUES('20261130-232426-7af10f78','r2/allocate',3,'allocate','{}');
INSERT INTO "decisions" VALUES('20261130-232426-7af10f78','t1/judge',4,'judge','{"strategy":"best_of_n","round":2,"reward":0.7,"best_before":0.0,"stop":"exhausted","trial":1,"drew":true,"counts":true,"solved":false,"tokens":15}');
INSERT INTO "decisions" VALUES('20261130-232426-7af10f78','answer',5,'answer','{"node":"0.0","stop":"exhausted","share":0.7,"value":null,"calibrated":false}');
INSERT INTO "decisions" VALUES('20261130-232426-b9d49608','engine',0,'engine','{"name":"scripted:script","capabilities":{"prefix":true,"choices":true,"regex":true,"schema":true,"logprobs":true,"seed":true,"pictures":true,"tools":true,"excludes":false,"scores":true,"many":true}}');
INSERT INTO "decisions" VALUES('20261130-232426-b9d49608','constraints',1,'constraints','{"items":[],"data":{},"source":"none"}');
INSERT INTO "decisions" VALUES('20261130-232426-b9d49608','r1/allocate',2,'allocate','{"0":3}');
CREATE TABLE lg_blobs (
	thread_id VARCHAR NOT NULL, 
	checkpoint_ns VARCHAR NOT NULL, 
	channel VARCHAR NOT NULL, 
	version VARCHAR NOT NULL, 
	value_type VARCHAR NOT NULL, 
	value BLOB NOT NULL, 
	CONSTRAINT pk_lg_blobs PRIMARY KEY (thread_id, checkpoint_ns, channel, version)
)
 WITHOUT ROWID

;
INSERT INTO "lg_blobs" VALUES('20261130-232426-7af10f78','','allocation','0000000007.a5d01f30e635','msgpack',X'80');
INSERT INTO "lg_blobs" VALUES('20261130-232426-7af10f78','','arm_knobs','0000000002.dd6ad8328043','msgpack',X'80');
INSERT INTO "lg_blobs" VALUES('20261130-232426-7af10f78','','arms','0000000002.dd6ad8328043','msgpack',X'90');
INSERT INTO "lg_blobs" VALUES('20261130-232426-7af10f78','','constraints','0000000003.cf92d609daa8','msgpack',X'C7400293B86272616E6368776973652E73746F72652E7265636F726473AB436F6E73747261696E747383A56974656D7390A46461746180A6736F75726365A46E6F6E65');
INSERT INTO "lg_blobs" VALUES('20261130-232426-7af10f78','','knobs','0000000004.e373a5a20979','msgpack',X'81A16E03');
INSERT INTO "lg_blobs" VALUES('20261130-232426-7af10f78','','prior','0000000002.dd6ad8328043','msgpack',X'80');
INSERT INTO "lg_blobs" VALUES('20261130-232426-7af10f78','','record','0000000008.3ff843ac74d7','msgpack',X'C79F0293BE6272616E6368776973652E6167656E74732E706C616E6E696E672E756362A65265636F726484A461726D7381A9626573745F6F665F6EC74E0293BE6272616E6368776973652E6167656E74732E706C616E6E696E672E756362A341726D83A570756C6C7301A6726577617264CB3FE6666666666666A87265636F76657279CB0000000000000000A47061737480A6747269616C7301A66661696C6564C3');
INSERT INTO "lg_blobs" VALUES('20261130-232426-7af10f78','','short','0000000008.3ff843ac74d7','msgpack',X'80');
INSERT INTO "lg_blobs" VALUES('20261130-232426-b9d49608','','allocation','0000000005.79678ae5dc4a','msgpack',X'81A13003');
INSERT INTO "lg_blobs" VALUES('20261130-232426-b9d49608','','arm_knobs','0000000002.6aceb09c577d','msgpack',X'80');
INSERT INTO "lg_blobs" VALUES('20261130-232426-b9d49608','','arms','0000000002.6aceb09c577d','msgpack',X'90');
INSERT INTO "lg_blobs" VALUES('20261130-232426-b9d49608','','constraints','0000000003.d628a5c30ded','msgpack',X'C7400293B86272616E6368776973652E73746F72652E7265636F726473AB436F6E73747261696E747383A56974656D7390A46461746180A6736F75726365A46E6F6E65');
INSERT INTO "lg_blobs" VALUES('20261130-232426-b9d49608','','knobs','0000000004.daa83c46a816','msgpack',X'81A16E03');
INSERT INTO "lg_blobs" VALUES('20261130-232426-b9d49608','','prior','0000000002.6aceb09c577d','msgpack',X'80');
INSERT INTO "lg_blobs" VALUES('20261130-232426-b9d49608','','record','0000000002.6aceb09c577d','msgpack',X'C7440293BE6272616E6368776973652E6167656E74732E706C616E6E696E672E756362A65265636F726484A461726D7380A47061737480A6747269616C7300A66661696C6564C2');
INSERT INTO "lg_blobs" VALUES('20261130-232426-b9d49608','','short','0000000002.6aceb09c577d','msgpack',X'80');
CREATE TABLE lg_checkpoints (
	thread_id VARCHAR NOT NULL, 
	checkpoint_ns VARCHAR NOT NULL, 
	checkpoint_id VARCHAR NOT NULL, 
	parent_id VARCHAR, 
	run_id VARCHAR, 
	source VARCHAR, 
	step INTEGER, 
	checkpoint_type VARCHAR NOT NULL, 
	checkpoint BLOB NOT NULL, 
	metadata_type VARCHAR NOT NULL, 
	metadata BLOB NOT NULL, 
	CONSTRAINT pk_lg_checkpoints PRIMARY KEY (thread_id, checkpoint_ns, checkpoint_id)
)
 WITHOUT ROWID

;
INSERT INTO "lg_checkpoints" VALUES('20261130-232426-7af10f78','','1f1ed152-efc6-6004-8006-13c3bd06c0df',NULL,NULL,'loop',6,'msgpack',X'87A17604A27473D920323032362D31312D33305432333A32343A32362E3335383532372B30303A3030A26964D92431663165643135322D656663362D363030342D383030362D313363336264303663306466AE6368616E6E656C5F76616C7565738EA770726F626C656DB3576861742069732074686520616E737765723FA87374726174656779A9626573745F6F665F6EA5747269616C01A573696E636500A5726F756E6402A773616D706C6573C0A46D6F7374C0A870726576696F7573A0A473746F70A9657868617573746564AD747269616C5F73616D706C6573C0A6616E73776572A3302E30A57368617265CB3FE6666666666666AA636F6E666964656E6365C0AA63616C69627261746564C2B06368616E6E656C5F76657273696F6E73DE001CA95F5F73746172745F5FB7303030303030303030322E646436616438333238303433A770726F626C656DB7303030303030303030322E646436616438333238303433AB636F6E73747261696E7473B7303030303030303030332E636639326436303964616138A87374726174656779B7303030303030303030342E653337336135613230393739A56B6E6F6273B7303030303030303030342E653337336135613230393739A5747269616CB7303030303030303030342E653337336135613230393739A573696E6365B7303030303030303030342E653337336135613230393739A5726F756E64B7303030303030303030372E613564303166333065363335A773616D706C6573B7303030303030303030372E613564303166333065363335A46D6F7374B7303030303030303030322E646436616438333238303433AA616C6C6F636174696F6EB7303030303030303030372E613564303166333065363335A870726576696F7573B7303030303030303030342E653337336135613230393739A473746F70B7303030303030303030382E336666383433616337346437A573686F7274B7303030303030303030382E336666383433616337346437A67265636F7264B7303030303030303030382E336666383433616337346437A461726D73B7303030303030303030322E646436616438333238303433A961726D5F6B6E6F6273B7303030303030303030322E646436616438333238303433A57072696F72B7303030303030303030322E646436616438333238303433AD747269616C5F73616D706C6573B7303030303030303030322E646436616438333238303433A6616E73776572B7303030303030303030382E336666383433616337346437A57368617265B7303030303030303030382E336666383433616337346437AA636F6E666964656E6365B7303030303030303030382E336666383433616337346437AA63616C69627261746564B7303030303030303030382E336666383433616337346437B56272616E63683A746F3A636F6E73747261696E7473B7303030303030303030332E636639326436303964616138B06272616E63683A746F3A73656C656374B7303030303030303030342E653337336135613230393739B16272616E63683A746F3A70726F706F7365B7303030303030303030372E613564303166333065363335B06272616E63683A746F3A766572696679B7303030303030303030362E626233333235623637356166AF6272616E63683A746F3A6A75646765B7303030303030303030382E336666383433616337346437AD76657273696F6E735F7365656E87A95F5F696E7075745F5F80A95F5F73746172745F5F81A95F5F73746172745F5FB7303030303030303030312E363462326262633066353130AB636F6E73747261696E747381B56272616E63683A746F3A636F6E73747261696E7473B7303030303030303030322E646436616438333238303433A673656C65637481B06272616E63683A746F3A73656C656374B7303030303030303030332E636639326436303964616138A770726F706F736581B16272616E63683A746F3A70726F706F7365B7303030303030303030362E626233333235623637356166A676657269667981B06272616E63683A746F3A766572696679B7303030303030303030352E343864356631306136393430A56A7564676581AF6272616E63683A746F3A6A75646765B7303030303030303030372E613564303166333065363335B0757064617465645F6368616E6E656C7397A6616E73776572AA63616C69627261746564AA636F6E666964656E6365A67265636F7264A57368617265A573686F7274A473746F70','msgpack',X'84A6736F75726365A46C6F6F70A47374657006A7706172656E747380A56772617068B066613965646331656330323937396234');
INSERT INTO "lg_checkpoints" VALUES('20261130-232426-b9d49608','','1f1ed152-f033-6839-8003-d9901c68b59b',NULL,NULL,'loop',3,'msgpack',X'87A17604A27473D920323032362D31312D33305432333A32343A32362E3431323034302B30303A3030A26964D92431663165643135322D663033332D363833392D383030332D643939303163363862353962AE6368616E6E656C5F76616C7565738FA770726F626C656DB3576861742069732074686520616E737765723FA87374726174656779A9626573745F6F665F6EA5747269616C01A573696E636500A5726F756E6401A773616D706C6573C0A46D6F7374C0A870726576696F7573A0A473746F70A0AD747269616C5F73616D706C6573C0A6616E73776572A0A57368617265C0AA636F6E666964656E6365C0AA63616C69627261746564C2B06272616E63683A746F3A766572696679C0B06368616E6E656C5F76657273696F6E73DE001BA95F5F73746172745F5FB7303030303030303030322E366163656230396335373764A770726F626C656DB7303030303030303030322E366163656230396335373764AB636F6E73747261696E7473B7303030303030303030332E643632386135633330646564A87374726174656779B7303030303030303030342E646161383363343661383136A56B6E6F6273B7303030303030303030342E646161383363343661383136A5747269616CB7303030303030303030342E646161383363343661383136A573696E6365B7303030303030303030342E646161383363343661383136A5726F756E64B7303030303030303030352E373936373861653564633461A773616D706C6573B7303030303030303030352E373936373861653564633461A46D6F7374B7303030303030303030322E366163656230396335373764AA616C6C6F636174696F6EB7303030303030303030352E373936373861653564633461A870726576696F7573B7303030303030303030342E646161383363343661383136A473746F70B7303030303030303030322E366163656230396335373764A573686F7274B7303030303030303030322E366163656230396335373764A67265636F7264B7303030303030303030322E366163656230396335373764A461726D73B7303030303030303030322E366163656230396335373764A961726D5F6B6E6F6273B7303030303030303030322E366163656230396335373764A57072696F72B7303030303030303030322E366163656230396335373764AD747269616C5F73616D706C6573B7303030303030303030322E366163656230396335373764A6616E73776572B7303030303030303030322E366163656230396335373764A57368617265B7303030303030303030322E366163656230396335373764AA636F6E666964656E6365B7303030303030303030322E366163656230396335373764AA63616C69627261746564B7303030303030303030322E366163656230396335373764B56272616E63683A746F3A636F6E73747261696E7473B7303030303030303030332E643632386135633330646564B06272616E63683A746F3A73656C656374B7303030303030303030342E646161383363343661383136B16272616E63683A746F3A70726F706F7365B7303030303030303030352E373936373861653564633461B06272616E63683A746F3A766572696679B7303030303030303030352E373936373861653564633461AD76657273696F6E735F7365656E85A95F5F696E7075745F5F80A95F5F73746172745F5F81A95F5F73746172745F5FB7303030303030303030312E623837313865616332343636AB636F6E73747261696E747381B56272616E63683A746F3A636F6E73747261696E7473B7303030303030303030322E366163656230396335373764A673656C65637481B06272616E63683A746F3A73656C656374B7303030303030303030332E643632386135633330646564A770726F706F736581B16272616E63683A746F3A70726F706F7365B7303030303030303030342E646161383363343661383136B0757064617465645F6368616E6E656C7394AA616C6C6F636174696F6EB06272616E63683A746F3A766572696679A5726F756E64A773616D706C6573','msgpack',X'84A6736F75726365A46C6F6F70A47374657003A7706172656E747380A56772617068B066613965646331656330323937396234');
CREATE TABLE lg_writes (
	thread_id VARCHAR NOT NULL, 
	checkpoint_ns VARCHAR NOT NULL, 
	checkpoint_id VARCHAR NOT NULL, 
	task_id VARCHAR NOT NULL, 
	idx INTEGER NOT NULL, 
	task_path VARCHAR NOT NULL, 
	channel VARCHAR NOT NULL, 
	value_type VARCHAR NOT NULL, 
	value BLOB NOT NULL, 
	CONSTRAINT pk_lg_writes PRIMARY KEY (thread_id, checkpoint_ns, checkpoint_id, task_id, idx)
)
 WITHOUT ROWID

;
INSERT INTO "lg_writes" VALUES('20261130-232426-b9d49608','','1f1ed152-f033-6839-8003-d9901c68b59b','374181b8-57b2-a113-6a7e-2c7fb3f7333a',-1,'~__pregel_pull, verify','__error__','msgpack',X'AD50756C6C65644572726F722829');
CREATE TABLE nodes (
	run_id VARCHAR(64) NOT NULL, 
	id VARCHAR(512) NOT NULL, 
	ord INTEGER NOT NULL, 
	parent VARCHAR(512), 
	depth INTEGER NOT NULL, 
	round INTEGER NOT NULL, 
	strategy VARCHAR(128) NOT NULL, 
	text TEXT NOT NULL, 
	complete BOOLEAN NOT NULL, 
	answer TEXT, 
	score DOUBLE, 
	verified_by VARCHAR(32) NOT NULL, 
	accepted BOOLEAN NOT NULL, 
	feedback TEXT NOT NULL, 
	logprob DOUBLE, 
	tokens INTEGER NOT NULL, 
	duplicate_of VARCHAR(512), 
	failed TEXT, 
	state VARCHAR(32) NOT NULL, 
	CONSTRAINT pk_nodes PRIMARY KEY (run_id, id), 
	CONSTRAINT fk_nodes_runs FOREIGN KEY(run_id) REFERENCES runs (id) ON DELETE CASCADE
);
INSERT INTO "nodes" VALUES('20261130-232426-7af10f78','0.0',0,'0',1,1,'best_of_n','It is 33.
Answer: 33',1,'33',0.7,'model',0,'It could be better.',-5.0,5,NULL,NULL,'sampled');
INSERT INTO "nodes" VALUES('20261130-232426-7af10f78','0.1',1,'0',1,1,'best_of_n','It is 34.
Answer: 34',1,'34',0.7,'model',0,'It could be better.',-5.0,5,NULL,NULL,'sampled');
INSERT INTO "nodes" VALUES('20261130-232426-7af10f78','0.2',2,'0',1,1,'best_of_n','It is 35.
Answer: 35',1,'35',0.7,'model',0,'It could be better.',-5.0,5,NULL,NULL,'sampled');
INSERT INTO "nodes" VALUES('20261130-232426-b9d49608','0.0',0,'0',1,1,'best_of_n','It is 68.
Answer: 68',1,'68',0.7,'model',0,'It could be better.',-5.0,5,NULL,NULL,'sampled');
INSERT INTO "nodes" VALUES('20261130-232426-b9d49608','0.1',1,'0',1,1,'best_of_n','It is 69.
Answer: 69',1,'69',0.7,'model',0,'It could be better.',-5.0,5,NULL,NULL,'sampled');
INSERT INTO "nodes" VALUES('20261130-232426-b9d49608','0.2',2,'0',1,1,'best_of_n','It is 70.
Answer: 70',1,'70',0.7,'model',0,'It could be better.',-5.0,5,NULL,NULL,'sampled');
CREATE TABLE run_events (
	id INTEGER NOT NULL, 
	run_id VARCHAR(64) NOT NULL, 
	kind VARCHAR(32) NOT NULL, 
	epoch INTEGER NOT NULL, 
	data TEXT, 
	at DOUBLE NOT NULL, 
	CONSTRAINT pk_run_events PRIMARY KEY (id), 
	CONSTRAINT fk_run_events_runs FOREIGN KEY(run_id) REFERENCES runs (id) ON DELETE CASCADE
);
INSERT INTO "run_events" VALUES(1,'20261130-232426-7af10f78','created',0,NULL,1.79608106628600502018e+09);
INSERT INTO "run_events" VALUES(2,'20261130-232426-7af10f78','claimed',1,'{"by":"vm:bc9a6fdf:4026531836/23508/306680/62854a6d"}',1.79608106628600502018e+09);
INSERT INTO "run_events" VALUES(3,'20261130-232426-7af10f78','finished',1,'{"status":"done"}',1.79608106636900615696e+09);
INSERT INTO "run_events" VALUES(4,'20261130-232426-b9d49608','created',0,NULL,1.79608106637101769447e+09);
INSERT INTO "run_events" VALUES(5,'20261130-232426-b9d49608','claimed',1,'{"by":"vm:bc9a6fdf:4026531836/23508/306680/a83b38a4"}',1.79608106637101769447e+09);
INSERT INTO "run_events" VALUES(6,'20261130-232426-b9d49608','paused',1,'{"status":"paused"}',1.79608106642501068111e+09);
CREATE TABLE runs (
	id VARCHAR(64) NOT NULL, 
	status VARCHAR(32) NOT NULL, 
	priority INTEGER NOT NULL, 
	task VARCHAR(128) NOT NULL, 
	strategy VARCHAR(128) NOT NULL, 
	model TEXT NOT NULL, 
	seed BIGINT NOT NULL, 
	spec TEXT NOT NULL, 
	code_version VARCHAR(128) NOT NULL, 
	on_change VARCHAR(32) NOT NULL, 
	forked_from VARCHAR(64), 
	result TEXT, 
	error TEXT, 
	owner VARCHAR(160), 
	lease_until DOUBLE NOT NULL, 
	epoch INTEGER NOT NULL, 
	attempts INTEGER NOT NULL, 
	max_attempts INTEGER NOT NULL, 
	elapsed DOUBLE NOT NULL, 
	seen DOUBLE NOT NULL, 
	created DOUBLE NOT NULL, 
	finished DOUBLE, 
	queue VARCHAR(128), 
	forked_at VARCHAR(512), 
	workflow VARCHAR(255), 
	parent VARCHAR(64), 
	wake DOUBLE, 
	api_key VARCHAR(32), 
	CONSTRAINT pk_runs PRIMARY KEY (id)
);
INSERT INTO "runs" VALUES('20261130-232426-7af10f78','done',0,'text','best_of_n','scripted:script',3,'{"base_url":null,"budget":{"calls":null,"completion_tokens":null,"cost":null,"effects":null,"seconds":null,"tokens":null},"model":"scripted:script","options":{"abstain_below":0.0,"aggregation":"","arms":["best_of_n","tree_of_thoughts","rebase","best_first","depth_first"],"batch":0,"confidence":0.0,"constraints":true,"durability":"exit","exclude":true,"exhaustive":false,"feedback":true,"inputs":{},"judgements":1,"knobs":{"n":3},"memory":false,"mode":"mean","prior":"difficulty","probes":4,"proposals":false,"race":false,"restarts":false,"scorer":"","strategy":"best_of_n","temperature":0.7,"threshold":95,"tools":[],"top_p":1.0,"trials":1,"verifier":"auto","without":[]},"policy":"","problem":"What is the answer?","prompts":null,"seed":3,"task":"text"}','0.1.0','fail',NULL,'{"answer":"33","calibrated":false,"confidence":null,"next_basis":"","next_sample":null,"node":"0.0","nodes":3,"notes":[],"reason":"exhausted","rounds":2,"run_id":"20261130-232426-7af10f78","score":0.7,"seconds":0.08408468900006483,"share":0.7,"shortfall":null,"solved":false,"text":"It is 33.\nAnswer: 33","usage":{"cached_tokens":0,"calls":5,"completion_tokens":38,"cost":0.0,"estimated":0,"prompt_tokens":251,"samples":7,"seconds":0.0,"unpriced":0},"verified_by":"model"}',NULL,'vm:bc9a6fdf:4026531836/23508/306680/62854a6d',0.0,1,0,3,8.19952487945556640625e-02,1.79608106636800026888e+09,1.79608106628600502018e+09,1.79608106636800026888e+09,NULL,NULL,'solve',NULL,NULL,NULL);
INSERT INTO "runs" VALUES('20261130-232426-b9d49608','paused',0,'text','best_of_n','scripted:script',4,'{"base_url":null,"budget":{"calls":null,"completion_tokens":null,"cost":null,"effects":null,"seconds":null,"tokens":null},"model":"scripted:script","options":{"abstain_below":0.0,"aggregation":"","arms":["best_of_n","tree_of_thoughts","rebase","best_first","depth_first"],"batch":0,"confidence":0.0,"constraints":true,"durability":"exit","exclude":true,"exhaustive":false,"feedback":true,"inputs":{},"judgements":1,"knobs":{"n":3},"memory":false,"mode":"mean","prior":"difficulty","probes":4,"proposals":false,"race":false,"restarts":false,"scorer":"","strategy":"best_of_n","temperature":0.7,"threshold":95,"tools":[],"top_p":1.0,"trials":1,"verifier":"auto","without":[]},"policy":"","problem":"What is the answer?","prompts":null,"seed":4,"task":"text"}','0.1.0','fail',NULL,NULL,'PulledError: ','vm:bc9a6fdf:4026531836/23508/306680/a83b38a4',0.0,1,0,3,5.298709869384765625e-02,1.79608106642400479312e+09,1.79608106637101769447e+09,NULL,NULL,NULL,'solve',NULL,NULL,NULL);
CREATE TABLE texts (
	run_id VARCHAR(64) NOT NULL, 
	hash VARCHAR(32) NOT NULL, 
	body TEXT NOT NULL, 
	CONSTRAINT pk_texts PRIMARY KEY (run_id, hash), 
	CONSTRAINT fk_texts_runs FOREIGN KEY(run_id) REFERENCES runs (id) ON DELETE CASCADE
);
INSERT INTO "texts" VALUES('20261130-232426-7af10f78','245e1fe9e55cd189c65286cf3fd7828d','You are an expert at understanding problems. List every constraint that a solution of the problem below must satisfy, and the context that is needed to solve it. Write one constraint a line, each starting with "- ". Do not solve the problem.

Problem:
What is the answer?');
INSERT INTO "texts" VALUES('20261130-232426-7af10f78','5e1673952e6704995f089a1c9b0dc02e','You verify plans. Evaluate strictly how well the Plan below progresses toward the correct solution of the problem under every constraint. Reason step by step about each constraint, briefly. Then write, on the last line, "Score: " and one integer from -100 (wrong) to 100 (certainly correct).

Problem:
What is the answer?

Constraints:


Plan:
It is 33.
Answer: 33');
INSERT INTO "texts" VALUES('20261130-232426-7af10f78','1f60dfd294ef5be47d5d57b8eaf0eb4a','You verify plans. Evaluate strictly how well the Plan below progresses toward the correct solution of the problem under every constraint. Reason step by step about each constraint, briefly. Then write, on the last line, "Score: " and one integer from -100 (wrong) to 100 (certainly correct).

Problem:
What is the answer?

Constraints:


Plan:
It is 34.
Answer: 34');
INSERT INTO "texts" VALUES('20261130-232426-7af10f78','4d9e426172c603457601c47faa521929','You verify plans. Evaluate strictly how well the Plan below progresses toward the correct solution of the problem under every constraint. Reason step by step about each constraint, briefly. Then write, on the last line, "Score: " and one integer from -100 (wrong) to 100 (certainly correct).

Problem:
What is the answer?

Constraints:


Plan:
It is 35.
Answer: 35');
INSERT INTO "texts" VALUES('20261130-232426-b9d49608','245e1fe9e55cd189c65286cf3fd7828d','You are an expert at understanding problems. List every constraint that a solution of the problem below must satisfy, and the context that is needed to solve it. Write one constraint a line, each starting with "- ". Do not solve the problem.

Problem:
What is the answer?');
INSERT INTO "texts" VALUES('20261130-232426-b9d49608','e95e110a2809f816cc7f60319c99ed01','You verify plans. Evaluate strictly how well the Plan below progresses toward the correct solution of the problem under every constraint. Reason step by step about each constraint, briefly. Then write, on the last line, "Score: " and one integer from -100 (wrong) to 100 (certainly correct).

Problem:
What is the answer?

Constraints:


Plan:
It is 68.
Answer: 68');
INSERT INTO "texts" VALUES('20261130-232426-b9d49608','820831c0838d4fe28d4d42a4789b5f7c','You verify plans. Evaluate strictly how well the Plan below progresses toward the correct solution of the problem under every constraint. Reason step by step about each constraint, briefly. Then write, on the last line, "Score: " and one integer from -100 (wrong) to 100 (certainly correct).

Problem:
What is the answer?

Constraints:


Plan:
It is 69.
Answer: 69');
INSERT INTO "texts" VALUES('20261130-232426-b9d49608','6f6c912f9de809b7e55ac9be25ef9d4b','You verify plans. Evaluate strictly how well the Plan below progresses toward the correct solution of the problem under every constraint. Reason step by step about each constraint, briefly. Then write, on the last line, "Score: " and one integer from -100 (wrong) to 100 (certainly correct).

Problem:
What is the answer?

Constraints:


Plan:
It is 70.
Answer: 70');
CREATE TABLE verdicts (
	run_id VARCHAR(64) NOT NULL, 
	node VARCHAR(512) NOT NULL, 
	verifier VARCHAR(128) NOT NULL, 
	score DOUBLE, 
	accepted BOOLEAN NOT NULL, 
	feedback TEXT NOT NULL, 
	verified_by VARCHAR(32) NOT NULL, 
	CONSTRAINT pk_verdicts PRIMARY KEY (run_id, node, verifier), 
	CONSTRAINT fk_verdicts_runs FOREIGN KEY(run_id) REFERENCES runs (id) ON DELETE CASCADE
);
INSERT INTO "verdicts" VALUES('20261130-232426-7af10f78','0.0','llm',40.0,0,'It could be better.','model');
INSERT INTO "verdicts" VALUES('20261130-232426-7af10f78','0.1','llm',40.0,0,'It could be better.','model');
INSERT INTO "verdicts" VALUES('20261130-232426-7af10f78','0.2','llm',40.0,0,'It could be better.','model');
INSERT INTO "verdicts" VALUES('20261130-232426-b9d49608','0.0','llm',40.0,0,'It could be better.','model');
INSERT INTO "verdicts" VALUES('20261130-232426-b9d49608','0.1','llm',40.0,0,'It could be better.','model');
INSERT INTO "verdicts" VALUES('20261130-232426-b9d49608','0.2','llm',40.0,0,'It could be better.','model');
CREATE INDEX ix_runs_parent ON runs (parent);
CREATE INDEX ix_runs_status_queue_priority_created ON runs (status, queue, priority, created);
CREATE INDEX ix_runs_created_id ON runs (created, id);
CREATE INDEX ix_runs_api_key ON runs (api_key);
CREATE INDEX ix_lg_checkpoints_run_id ON lg_checkpoints (run_id) WHERE run_id IS NOT NULL;
CREATE UNIQUE INDEX ix_api_keys_hash ON api_keys (hash);
CREATE INDEX ix_charges_api_key_at ON charges (api_key, at);
CREATE INDEX ix_run_events_run_id ON run_events (run_id);
CREATE VIEW run_costs AS SELECT r.id AS run_id, r.task, r.status, 
    SUM(CASE WHEN c.state = 'done' THEN 1 ELSE 0 END) AS done,
    SUM(CASE WHEN c.state = 'failed' THEN 1 ELSE 0 END) AS failed,
    SUM(CASE WHEN c.state IN ('ambiguous', 'started') THEN 1 ELSE 0 END) AS ambiguous,
    COALESCE(SUM(c.prompt_tokens - c.cached_tokens + c.completion_tokens), 0) AS tokens,
    COALESCE(SUM(c.prompt_tokens), 0) AS prompt_tokens,
    COALESCE(SUM(c.cached_tokens), 0) AS cached_tokens,
    COALESCE(SUM(c.completion_tokens), 0) AS completion_tokens,
    COALESCE(SUM(c.seconds), 0) AS seconds,
    CASE WHEN SUM(c.unpriced) > 0 THEN NULL ELSE COALESCE(SUM(c.cost), 0) END AS cost,
    COALESCE(SUM(c.estimated), 0) AS estimated FROM runs r LEFT JOIN calls c ON c.run_id = r.id GROUP BY r.id, r.task, r.status;
CREATE VIEW model_costs AS SELECT c.run_id, c.model, 
    SUM(CASE WHEN c.state = 'done' THEN 1 ELSE 0 END) AS done,
    SUM(CASE WHEN c.state = 'failed' THEN 1 ELSE 0 END) AS failed,
    SUM(CASE WHEN c.state IN ('ambiguous', 'started') THEN 1 ELSE 0 END) AS ambiguous,
    COALESCE(SUM(c.prompt_tokens - c.cached_tokens + c.completion_tokens), 0) AS tokens,
    COALESCE(SUM(c.prompt_tokens), 0) AS prompt_tokens,
    COALESCE(SUM(c.cached_tokens), 0) AS cached_tokens,
    COALESCE(SUM(c.completion_tokens), 0) AS completion_tokens,
    COALESCE(SUM(c.seconds), 0) AS seconds,
    CASE WHEN SUM(c.unpriced) > 0 THEN NULL ELSE COALESCE(SUM(c.cost), 0) END AS cost,
    COALESCE(SUM(c.estimated), 0) AS estimated FROM calls c GROUP BY c.run_id, c.model;
CREATE VIEW node_costs AS SELECT c.run_id, c.node, 
    SUM(CASE WHEN c.state = 'done' THEN 1 ELSE 0 END) AS done,
    SUM(CASE WHEN c.state = 'failed' THEN 1 ELSE 0 END) AS failed,
    SUM(CASE WHEN c.state IN ('ambiguous', 'started') THEN 1 ELSE 0 END) AS ambiguous,
    COALESCE(SUM(c.prompt_tokens - c.cached_tokens + c.completion_tokens), 0) AS tokens,
    COALESCE(SUM(c.prompt_tokens), 0) AS prompt_tokens,
    COALESCE(SUM(c.cached_tokens), 0) AS cached_tokens,
    COALESCE(SUM(c.completion_tokens), 0) AS completion_tokens,
    COALESCE(SUM(c.seconds), 0) AS seconds,
    CASE WHEN SUM(c.unpriced) > 0 THEN NULL ELSE COALESCE(SUM(c.cost), 0) END AS cost,
    COALESCE(SUM(c.estimated), 0) AS estimated FROM calls c WHERE c.node IS NOT NULL GROUP BY c.run_id, c.node;
CREATE VIEW strategy_costs AS SELECT c.run_id, COALESCE(NULLIF(c.strategy, ''), a.strategy, 'none') AS strategy, 
    SUM(CASE WHEN c.state = 'done' THEN 1 ELSE 0 END) AS done,
    SUM(CASE WHEN c.state = 'failed' THEN 1 ELSE 0 END) AS failed,
    SUM(CASE WHEN c.state IN ('ambiguous', 'started') THEN 1 ELSE 0 END) AS ambiguous,
    COALESCE(SUM(c.prompt_tokens - c.cached_tokens + c.completion_tokens), 0) AS tokens,
    COALESCE(SUM(c.prompt_tokens), 0) AS prompt_tokens,
    COALESCE(SUM(c.cached_tokens), 0) AS cached_tokens,
    COALESCE(SUM(c.completion_tokens), 0) AS completion_tokens,
    COALESCE(SUM(c.seconds), 0) AS seconds,
    CASE WHEN SUM(c.unpriced) > 0 THEN NULL ELSE COALESCE(SUM(c.cost), 0) END AS cost,
    COALESCE(SUM(c.estimated), 0) AS estimated FROM calls c LEFT JOIN (SELECT run_id, round, MIN(strategy) AS strategy FROM nodes GROUP BY run_id, round) a ON a.run_id = c.run_id AND a.round = c.round GROUP BY c.run_id, COALESCE(NULLIF(c.strategy, ''), a.strategy, 'none');
COMMIT;
