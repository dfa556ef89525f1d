# The network: parents with their children inline, and beside them, in both styles.
resource "aws_vpc" "main" {
  count                = 3
  cidr_block           = "10.${count.index}.0.0/16"
  enable_dns_hostnames = true
  tags                 = { Name = "estate-${count.index}" }
}

resource "aws_vpc_dhcp_options" "main" {
  domain_name         = "estate.test"
  domain_name_servers = ["AmazonProvidedDNS"]
  tags                = { Name = "estate" }
}

resource "aws_vpc_dhcp_options_association" "main" {
  vpc_id          = aws_vpc.main[0].id
  dhcp_options_id = aws_vpc_dhcp_options.main.id
}

resource "aws_vpc_ipv4_cidr_block_association" "more" {
  vpc_id     = aws_vpc.main[1].id
  cidr_block = "10.101.0.0/16"
}

resource "aws_subnet" "main" {
  count             = 4
  vpc_id            = aws_vpc.main[0].id
  cidr_block        = "10.0.${count.index}.0/24"
  availability_zone = "us-east-1${["a", "b", "a", "b"][count.index]}"
  tags              = { Name = "estate-${count.index}" }
}

resource "aws_internet_gateway" "main" {
  vpc_id = aws_vpc.main[0].id
  tags   = { Name = "estate" }
}

resource "aws_egress_only_internet_gateway" "main" {
  vpc_id = aws_vpc.main[0].id
  tags   = { Name = "estate" }
}

resource "aws_eip" "nat" {
  count  = 2
  domain = "vpc"
  tags   = { Name = "nat-${count.index}" }
}

resource "aws_nat_gateway" "main" {
  allocation_id = aws_eip.nat[0].id
  subnet_id     = aws_subnet.main[0].id
  tags          = { Name = "estate" }
}

# Routes inline, and as resources of their own.
resource "aws_route_table" "inline" {
  count  = 2
  vpc_id = aws_vpc.main[0].id
  route {
    cidr_block = "0.0.0.0/0"
    gateway_id = aws_internet_gateway.main.id
  }
  tags = { Name = "inline-${count.index}" }
}

resource "aws_route_table" "beside" {
  count  = 2
  vpc_id = aws_vpc.main[0].id
  tags   = { Name = "beside-${count.index}" }
}

resource "aws_route" "beside" {
  count                  = 2
  route_table_id         = aws_route_table.beside[count.index].id
  destination_cidr_block = "0.0.0.0/0"
  gateway_id             = aws_internet_gateway.main.id
}

resource "aws_route_table_association" "main" {
  count          = 2
  subnet_id      = aws_subnet.main[count.index].id
  route_table_id = aws_route_table.beside[count.index].id
}

resource "aws_main_route_table_association" "main" {
  vpc_id         = aws_vpc.main[0].id
  route_table_id = aws_route_table.inline[0].id
}

# Rules of network ACLs inline, and as resources of their own.
resource "aws_network_acl" "inline" {
  vpc_id = aws_vpc.main[0].id
  ingress {
    rule_no    = 100
    action     = "allow"
    protocol   = "tcp"
    from_port  = 443
    to_port    = 443
    cidr_block = "0.0.0.0/0"
  }
  egress {
    rule_no    = 100
    action     = "allow"
    protocol   = "-1"
    from_port  = 0
    to_port    = 0
    cidr_block = "0.0.0.0/0"
  }
  tags = { Name = "inline" }
}

resource "aws_network_acl" "beside" {
  vpc_id = aws_vpc.main[0].id
  tags   = { Name = "beside" }
}

resource "aws_network_acl_rule" "beside" {
  count          = 2
  network_acl_id = aws_network_acl.beside.id
  rule_number    = 100
  egress         = count.index == 1
  protocol       = "tcp"
  rule_action    = "allow"
  cidr_block     = "10.0.0.0/8"
  from_port      = 443
  to_port        = 443
}

# Rules of security groups: inline, and as resources of both kinds.
resource "aws_security_group" "inline" {
  count       = 3
  name        = "inline-${count.index}"
  description = "rules inline"
  vpc_id      = aws_vpc.main[0].id
  ingress {
    description = "https"
    from_port   = 443
    to_port     = 443
    protocol    = "tcp"
    cidr_blocks = ["10.0.0.0/8", "192.168.0.0/16"]
  }
  ingress {
    description = "itself"
    from_port   = 0
    to_port     = 0
    protocol    = "-1"
    self        = true
  }
  egress {
    from_port   = 0
    to_port     = 0
    protocol    = "-1"
    cidr_blocks = ["0.0.0.0/0"]
  }
  tags = { Name = "inline-${count.index}" }
}

resource "aws_security_group" "beside" {
  count       = 2
  name        = "beside-${count.index}"
  description = "rules beside it"
  vpc_id      = aws_vpc.main[0].id
  tags        = { Name = "beside-${count.index}" }
}

resource "aws_security_group_rule" "https" {
  count             = 2
  security_group_id = aws_security_group.beside[count.index].id
  type              = "ingress"
  description       = "https"
  from_port         = 443
  to_port           = 443
  protocol          = "tcp"
  cidr_blocks       = ["10.0.0.0/8", "172.16.0.0/12"]
}

resource "aws_security_group_rule" "out" {
  count             = 2
  security_group_id = aws_security_group.beside[count.index].id
  type              = "egress"
  from_port         = 0
  to_port           = 0
  protocol          = "-1"
  cidr_blocks       = ["0.0.0.0/0"]
}

resource "aws_security_group" "single" {
  count       = 2
  name        = "single-${count.index}"
  description = "one resource per rule"
  vpc_id      = aws_vpc.main[0].id
  tags        = { Name = "single-${count.index}" }
}

resource "aws_vpc_security_group_ingress_rule" "single" {
  count             = 2
  security_group_id = aws_security_group.single[count.index].id
  description       = "https"
  ip_protocol       = "tcp"
  from_port         = 443
  to_port           = 443
  cidr_ipv4         = "10.0.0.0/8"
  tags              = { Name = "https" }
}

resource "aws_vpc_security_group_ingress_rule" "from_group" {
  count                        = 2
  security_group_id            = aws_security_group.single[count.index].id
  ip_protocol                  = "tcp"
  from_port                    = 8080
  to_port                      = 8080
  referenced_security_group_id = aws_security_group.inline[0].id
}

resource "aws_vpc_security_group_egress_rule" "single" {
  count             = 2
  security_group_id = aws_security_group.single[count.index].id
  ip_protocol       = "-1"
  cidr_ipv4         = "0.0.0.0/0"
}

resource "aws_vpc_endpoint" "s3" {
  vpc_id          = aws_vpc.main[0].id
  service_name    = "com.amazonaws.us-east-1.s3"
  route_table_ids = [aws_route_table.inline[1].id]
  tags            = { Name = "s3" }
}

resource "aws_vpc_endpoint" "sqs" {
  vpc_id             = aws_vpc.main[0].id
  service_name       = "com.amazonaws.us-east-1.sqs"
  vpc_endpoint_type  = "Interface"
  subnet_ids         = [aws_subnet.main[0].id]
  security_group_ids = [aws_security_group.inline[0].id]
  tags               = { Name = "sqs" }
}

resource "aws_vpc_peering_connection" "main" {
  vpc_id      = aws_vpc.main[0].id
  peer_vpc_id = aws_vpc.main[1].id
  auto_accept = true
  tags        = { Name = "estate" }
}

resource "aws_network_interface" "main" {
  count           = 2
  subnet_id       = aws_subnet.main[1].id
  description     = "estate"
  security_groups = [aws_security_group.inline[0].id]
  tags            = { Name = "estate-${count.index}" }
}

resource "aws_ec2_managed_prefix_list" "offices" {
  name           = "offices"
  address_family = "IPv4"
  max_entries    = 5
  entry {
    cidr        = "203.0.113.0/24"
    description = "north"
  }
  tags = { Name = "offices" }
}

resource "aws_flow_log" "main" {
  vpc_id               = aws_vpc.main[0].id
  traffic_type         = "ALL"
  log_destination_type = "s3"
  log_destination      = aws_s3_bucket.split[0].arn
  tags                 = { Name = "estate" }
}

resource "aws_ec2_transit_gateway" "main" {
  description = "estate"
  tags        = { Name = "estate" }
}

resource "aws_customer_gateway" "main" {
  bgp_asn    = 65000
  ip_address = "203.0.113.9"
  type       = "ipsec.1"
  tags       = { Name = "estate" }
}

resource "aws_vpn_gateway" "main" {
  vpc_id = aws_vpc.main[1].id
  tags   = { Name = "estate" }
}
